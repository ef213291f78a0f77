/** Token claims, one audience per use. See docs/tokens.md. */
import * as z from "zod";
/** One audience per use: a token of one kind is never accepted as another. */
export declare const AUDIENCE: {
	/** HS256, made by back ends or `POST /v1/rooms/{room}/tokens`: lets one identity into one room. */
	readonly participant: "switchyard:participant";
	/** HS256, made by the edge at each connection: lets the same session come back. */
	readonly session: "switchyard:session";
	/** HS256, made by back ends that prefer a short-lived token over sending their API key. */
	readonly api: "switchyard:api";
	/** HS256, made by the operator: lets one process register as one node. */
	readonly node: "switchyard:node";
	/** Ed25519, made by the edge: lets one node serve one room. Its `aud` is the node's id, so this is its `typ` header. */
	readonly assignment: "switchyard-assignment+jwt";
	/** HS256, made by a room for a node that serves it: lets the node link to the room again after its socket dropped. */
	readonly link: "switchyard:link";
};
/** What a track shows or sounds; rights are given per source. */
export declare const Source: z.ZodEnum<{
	audio: "audio";
	camera: "camera";
	data: "data";
	screen: "screen";
	screenAudio: "screenAudio";
}>;
export type Source = z.infer<typeof Source>;
export declare const Rights: z.ZodObject<
	{
		publish: z.ZodDefault<
			z.ZodArray<
				z.ZodEnum<{
					audio: "audio";
					camera: "camera";
					data: "data";
					screen: "screen";
					screenAudio: "screenAudio";
				}>
			>
		>;
		subscribe: z.ZodDefault<z.ZodBoolean>;
		send: z.ZodDefault<z.ZodBoolean>;
		moderate: z.ZodDefault<z.ZodBoolean>;
	},
	z.core.$strip
>;
export type Rights = z.infer<typeof Rights>;
export declare const ParticipantClaims: z.ZodObject<
	{
		iat: z.ZodOptional<z.ZodNumber>;
		nbf: z.ZodOptional<z.ZodNumber>;
		exp: z.ZodNumber;
		jti: z.ZodOptional<z.ZodString>;
		sub: z.ZodString;
		room: z.ZodString;
		name: z.ZodOptional<z.ZodString>;
		metadata: z.ZodOptional<z.ZodUnknown>;
		rights: z.ZodPrefault<
			z.ZodObject<
				{
					publish: z.ZodDefault<
						z.ZodArray<
							z.ZodEnum<{
								audio: "audio";
								camera: "camera";
								data: "data";
								screen: "screen";
								screenAudio: "screenAudio";
							}>
						>
					>;
					subscribe: z.ZodDefault<z.ZodBoolean>;
					send: z.ZodDefault<z.ZodBoolean>;
					moderate: z.ZodDefault<z.ZodBoolean>;
				},
				z.core.$strip
			>
		>;
	},
	z.core.$strip
>;
export type ParticipantClaims = z.infer<typeof ParticipantClaims>;
export declare const SessionClaims: z.ZodObject<
	{
		iat: z.ZodOptional<z.ZodNumber>;
		nbf: z.ZodOptional<z.ZodNumber>;
		exp: z.ZodNumber;
		jti: z.ZodOptional<z.ZodString>;
		sub: z.ZodString;
		room: z.ZodString;
		name: z.ZodOptional<z.ZodString>;
		metadata: z.ZodOptional<z.ZodUnknown>;
		rights: z.ZodPrefault<
			z.ZodObject<
				{
					publish: z.ZodDefault<
						z.ZodArray<
							z.ZodEnum<{
								audio: "audio";
								camera: "camera";
								data: "data";
								screen: "screen";
								screenAudio: "screenAudio";
							}>
						>
					>;
					subscribe: z.ZodDefault<z.ZodBoolean>;
					send: z.ZodDefault<z.ZodBoolean>;
					moderate: z.ZodDefault<z.ZodBoolean>;
				},
				z.core.$strip
			>
		>;
		session: z.ZodString;
	},
	z.core.$strip
>;
export type SessionClaims = z.infer<typeof SessionClaims>;
export declare const NodeClaims: z.ZodObject<
	{
		iat: z.ZodOptional<z.ZodNumber>;
		nbf: z.ZodOptional<z.ZodNumber>;
		jti: z.ZodOptional<z.ZodString>;
		exp: z.ZodOptional<z.ZodNumber>;
		sub: z.ZodString;
		region: z.ZodOptional<z.ZodString>;
	},
	z.core.$strip
>;
export type NodeClaims = z.infer<typeof NodeClaims>;
/** `aud` is the node, `sub` the room. */
export declare const AssignmentClaims: z.ZodObject<
	{
		iat: z.ZodNumber;
		exp: z.ZodNumber;
		jti: z.ZodString;
		aud: z.ZodString;
		sub: z.ZodString;
		epoch: z.ZodNumber;
		edge: z.ZodURL;
	},
	z.core.$strip
>;
export type AssignmentClaims = z.infer<typeof AssignmentClaims>;
/** `sub` is the room. */
export declare const LinkClaims: z.ZodObject<
	{
		iat: z.ZodOptional<z.ZodNumber>;
		nbf: z.ZodOptional<z.ZodNumber>;
		exp: z.ZodNumber;
		jti: z.ZodOptional<z.ZodString>;
		sub: z.ZodString;
		node: z.ZodString;
		epoch: z.ZodNumber;
	},
	z.core.$strip
>;
export type LinkClaims = z.infer<typeof LinkClaims>;
export declare const ApiClaims: z.ZodObject<
	{
		iat: z.ZodOptional<z.ZodNumber>;
		nbf: z.ZodOptional<z.ZodNumber>;
		exp: z.ZodNumber;
		jti: z.ZodOptional<z.ZodString>;
	},
	z.core.$strip
>;
export type ApiClaims = z.infer<typeof ApiClaims>;
