/**
 * Media parameters that cross a wire. They are mediasoup's ORTC shapes, bounded in size here and checked in depth
 * by mediasoup itself on the node.
 */
import * as z from "zod";
export declare const Kind: z.ZodEnum<{
	audio: "audio";
	data: "data";
	video: "video";
}>;
export type Kind = z.infer<typeof Kind>;
export declare const RtpCapabilities: z.ZodObject<
	{
		codecs: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						kind: z.ZodEnum<{
							audio: "audio";
							video: "video";
						}>;
						mimeType: z.ZodString;
						preferredPayloadType: z.ZodNumber;
						clockRate: z.ZodNumber;
						channels: z.ZodOptional<z.ZodNumber>;
						parameters: z.ZodOptional<
							z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
						>;
						rtcpFeedback: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										type: z.ZodString;
										parameter: z.ZodOptional<z.ZodString>;
									},
									z.core.$strip
								>
							>
						>;
					},
					z.core.$strip
				>
			>
		>;
		headerExtensions: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						kind: z.ZodEnum<{
							audio: "audio";
							video: "video";
						}>;
						uri: z.ZodString;
						preferredId: z.ZodNumber;
						preferredEncrypt: z.ZodOptional<z.ZodBoolean>;
						direction: z.ZodOptional<
							z.ZodEnum<{
								inactive: "inactive";
								recvonly: "recvonly";
								sendonly: "sendonly";
								sendrecv: "sendrecv";
							}>
						>;
					},
					z.core.$strip
				>
			>
		>;
	},
	z.core.$strip
>;
export type RtpCapabilities = z.infer<typeof RtpCapabilities>;
export declare const RtpParameters: z.ZodObject<
	{
		mid: z.ZodOptional<z.ZodString>;
		msid: z.ZodOptional<z.ZodString>;
		codecs: z.ZodArray<
			z.ZodObject<
				{
					mimeType: z.ZodString;
					payloadType: z.ZodNumber;
					clockRate: z.ZodNumber;
					channels: z.ZodOptional<z.ZodNumber>;
					parameters: z.ZodOptional<
						z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
					>;
					rtcpFeedback: z.ZodOptional<
						z.ZodArray<
							z.ZodObject<
								{
									type: z.ZodString;
									parameter: z.ZodOptional<z.ZodString>;
								},
								z.core.$strip
							>
						>
					>;
				},
				z.core.$strip
			>
		>;
		headerExtensions: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						uri: z.ZodString;
						id: z.ZodNumber;
						encrypt: z.ZodOptional<z.ZodBoolean>;
						parameters: z.ZodOptional<
							z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
						>;
					},
					z.core.$strip
				>
			>
		>;
		encodings: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						ssrc: z.ZodOptional<z.ZodNumber>;
						rid: z.ZodOptional<z.ZodString>;
						codecPayloadType: z.ZodOptional<z.ZodNumber>;
						rtx: z.ZodOptional<
							z.ZodObject<
								{
									ssrc: z.ZodNumber;
								},
								z.core.$strip
							>
						>;
						dtx: z.ZodOptional<z.ZodBoolean>;
						scalabilityMode: z.ZodOptional<z.ZodString>;
						maxBitrate: z.ZodOptional<z.ZodNumber>;
					},
					z.core.$strip
				>
			>
		>;
		rtcp: z.ZodOptional<
			z.ZodObject<
				{
					cname: z.ZodOptional<z.ZodString>;
					reducedSize: z.ZodOptional<z.ZodBoolean>;
				},
				z.core.$strip
			>
		>;
	},
	z.core.$strip
>;
export type RtpParameters = z.infer<typeof RtpParameters>;
export declare const DtlsParameters: z.ZodObject<
	{
		role: z.ZodOptional<
			z.ZodEnum<{
				auto: "auto";
				client: "client";
				server: "server";
			}>
		>;
		fingerprints: z.ZodArray<
			z.ZodObject<
				{
					algorithm: z.ZodEnum<{
						"sha-1": "sha-1";
						"sha-224": "sha-224";
						"sha-256": "sha-256";
						"sha-384": "sha-384";
						"sha-512": "sha-512";
					}>;
					value: z.ZodString;
				},
				z.core.$strip
			>
		>;
	},
	z.core.$strip
>;
export type DtlsParameters = z.infer<typeof DtlsParameters>;
export declare const IceParameters: z.ZodObject<
	{
		usernameFragment: z.ZodString;
		password: z.ZodString;
		iceLite: z.ZodOptional<z.ZodBoolean>;
	},
	z.core.$strip
>;
export type IceParameters = z.infer<typeof IceParameters>;
export declare const IceCandidate: z.ZodObject<
	{
		foundation: z.ZodString;
		priority: z.ZodNumber;
		ip: z.ZodString;
		address: z.ZodString;
		protocol: z.ZodEnum<{
			tcp: "tcp";
			udp: "udp";
		}>;
		port: z.ZodNumber;
		type: z.ZodLiteral<"host">;
		tcpType: z.ZodOptional<z.ZodLiteral<"passive">>;
	},
	z.core.$strip
>;
export type IceCandidate = z.infer<typeof IceCandidate>;
export declare const SctpParameters: z.ZodObject<
	{
		port: z.ZodNumber;
		maxSendMessageSize: z.ZodNumber;
		maxReceiveMessageSize: z.ZodNumber;
	},
	z.core.$loose
>;
export type SctpParameters = z.infer<typeof SctpParameters>;
export declare const SctpStreamParameters: z.ZodObject<
	{
		streamId: z.ZodNumber;
		ordered: z.ZodOptional<z.ZodBoolean>;
		maxPacketLifeTime: z.ZodOptional<z.ZodNumber>;
		maxRetransmits: z.ZodOptional<z.ZodNumber>;
	},
	z.core.$strip
>;
export type SctpStreamParameters = z.infer<typeof SctpStreamParameters>;
/** One WebRTC transport of an endpoint, as the client needs it. */
export declare const TransportParameters: z.ZodObject<
	{
		id: z.ZodString;
		iceParameters: z.ZodObject<
			{
				usernameFragment: z.ZodString;
				password: z.ZodString;
				iceLite: z.ZodOptional<z.ZodBoolean>;
			},
			z.core.$strip
		>;
		iceCandidates: z.ZodArray<
			z.ZodObject<
				{
					foundation: z.ZodString;
					priority: z.ZodNumber;
					ip: z.ZodString;
					address: z.ZodString;
					protocol: z.ZodEnum<{
						tcp: "tcp";
						udp: "udp";
					}>;
					port: z.ZodNumber;
					type: z.ZodLiteral<"host">;
					tcpType: z.ZodOptional<z.ZodLiteral<"passive">>;
				},
				z.core.$strip
			>
		>;
		dtlsParameters: z.ZodObject<
			{
				role: z.ZodOptional<
					z.ZodEnum<{
						auto: "auto";
						client: "client";
						server: "server";
					}>
				>;
				fingerprints: z.ZodArray<
					z.ZodObject<
						{
							algorithm: z.ZodEnum<{
								"sha-1": "sha-1";
								"sha-224": "sha-224";
								"sha-256": "sha-256";
								"sha-384": "sha-384";
								"sha-512": "sha-512";
							}>;
							value: z.ZodString;
						},
						z.core.$strip
					>
				>;
			},
			z.core.$strip
		>;
		sctpParameters: z.ZodOptional<
			z.ZodObject<
				{
					port: z.ZodNumber;
					maxSendMessageSize: z.ZodNumber;
					maxReceiveMessageSize: z.ZodNumber;
				},
				z.core.$loose
			>
		>;
	},
	z.core.$strip
>;
export type TransportParameters = z.infer<typeof TransportParameters>;
/** A spatial (and temporal) layer; 0 is the lowest. */
export declare const Layer: z.ZodObject<
	{
		spatial: z.ZodNumber;
		temporal: z.ZodOptional<z.ZodNumber>;
	},
	z.core.$strip
>;
export type Layer = z.infer<typeof Layer>;
/** CSS pixels times device pixel ratio of what shows a track; 0 × 0 is out of view. */
export declare const Size: z.ZodObject<
	{
		width: z.ZodNumber;
		height: z.ZodNumber;
	},
	z.core.$strip
>;
export type Size = z.infer<typeof Size>;
/** How a track is sent: RTP for audio and video, an SCTP stream for data. */
export declare const TrackMedia: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				kind: z.ZodLiteral<"audio">;
				rtpParameters: z.ZodObject<
					{
						mid: z.ZodOptional<z.ZodString>;
						msid: z.ZodOptional<z.ZodString>;
						codecs: z.ZodArray<
							z.ZodObject<
								{
									mimeType: z.ZodString;
									payloadType: z.ZodNumber;
									clockRate: z.ZodNumber;
									channels: z.ZodOptional<z.ZodNumber>;
									parameters: z.ZodOptional<
										z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
									>;
									rtcpFeedback: z.ZodOptional<
										z.ZodArray<
											z.ZodObject<
												{
													type: z.ZodString;
													parameter: z.ZodOptional<z.ZodString>;
												},
												z.core.$strip
											>
										>
									>;
								},
								z.core.$strip
							>
						>;
						headerExtensions: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										uri: z.ZodString;
										id: z.ZodNumber;
										encrypt: z.ZodOptional<z.ZodBoolean>;
										parameters: z.ZodOptional<
											z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
										>;
									},
									z.core.$strip
								>
							>
						>;
						encodings: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										ssrc: z.ZodOptional<z.ZodNumber>;
										rid: z.ZodOptional<z.ZodString>;
										codecPayloadType: z.ZodOptional<z.ZodNumber>;
										rtx: z.ZodOptional<
											z.ZodObject<
												{
													ssrc: z.ZodNumber;
												},
												z.core.$strip
											>
										>;
										dtx: z.ZodOptional<z.ZodBoolean>;
										scalabilityMode: z.ZodOptional<z.ZodString>;
										maxBitrate: z.ZodOptional<z.ZodNumber>;
									},
									z.core.$strip
								>
							>
						>;
						rtcp: z.ZodOptional<
							z.ZodObject<
								{
									cname: z.ZodOptional<z.ZodString>;
									reducedSize: z.ZodOptional<z.ZodBoolean>;
								},
								z.core.$strip
							>
						>;
					},
					z.core.$strip
				>;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				kind: z.ZodLiteral<"video">;
				rtpParameters: z.ZodObject<
					{
						mid: z.ZodOptional<z.ZodString>;
						msid: z.ZodOptional<z.ZodString>;
						codecs: z.ZodArray<
							z.ZodObject<
								{
									mimeType: z.ZodString;
									payloadType: z.ZodNumber;
									clockRate: z.ZodNumber;
									channels: z.ZodOptional<z.ZodNumber>;
									parameters: z.ZodOptional<
										z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
									>;
									rtcpFeedback: z.ZodOptional<
										z.ZodArray<
											z.ZodObject<
												{
													type: z.ZodString;
													parameter: z.ZodOptional<z.ZodString>;
												},
												z.core.$strip
											>
										>
									>;
								},
								z.core.$strip
							>
						>;
						headerExtensions: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										uri: z.ZodString;
										id: z.ZodNumber;
										encrypt: z.ZodOptional<z.ZodBoolean>;
										parameters: z.ZodOptional<
											z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
										>;
									},
									z.core.$strip
								>
							>
						>;
						encodings: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										ssrc: z.ZodOptional<z.ZodNumber>;
										rid: z.ZodOptional<z.ZodString>;
										codecPayloadType: z.ZodOptional<z.ZodNumber>;
										rtx: z.ZodOptional<
											z.ZodObject<
												{
													ssrc: z.ZodNumber;
												},
												z.core.$strip
											>
										>;
										dtx: z.ZodOptional<z.ZodBoolean>;
										scalabilityMode: z.ZodOptional<z.ZodString>;
										maxBitrate: z.ZodOptional<z.ZodNumber>;
									},
									z.core.$strip
								>
							>
						>;
						rtcp: z.ZodOptional<
							z.ZodObject<
								{
									cname: z.ZodOptional<z.ZodString>;
									reducedSize: z.ZodOptional<z.ZodBoolean>;
								},
								z.core.$strip
							>
						>;
					},
					z.core.$strip
				>;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				kind: z.ZodLiteral<"data">;
				sctpStreamParameters: z.ZodObject<
					{
						streamId: z.ZodNumber;
						ordered: z.ZodOptional<z.ZodBoolean>;
						maxPacketLifeTime: z.ZodOptional<z.ZodNumber>;
						maxRetransmits: z.ZodOptional<z.ZodNumber>;
					},
					z.core.$strip
				>;
				label: z.ZodDefault<z.ZodString>;
				protocol: z.ZodDefault<z.ZodString>;
			},
			z.core.$strip
		>,
	],
	"kind"
>;
export type TrackMedia = z.infer<typeof TrackMedia>;
/** What everybody in the room knows of a track. */
export declare const TrackInfo: z.ZodObject<
	{
		id: z.ZodString;
		kind: z.ZodEnum<{
			audio: "audio";
			data: "data";
			video: "video";
		}>;
		source: z.ZodEnum<{
			audio: "audio";
			camera: "camera";
			data: "data";
			screen: "screen";
			screenAudio: "screenAudio";
		}>;
		muted: z.ZodBoolean;
		layers: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						width: z.ZodNumber;
						height: z.ZodNumber;
					},
					z.core.$strip
				>
			>
		>;
		label: z.ZodOptional<z.ZodString>;
		metadata: z.ZodOptional<z.ZodUnknown>;
	},
	z.core.$strip
>;
export type TrackInfo = z.infer<typeof TrackInfo>;
/** What a subscriber asks of one track. */
export declare const TrackSettings: z.ZodObject<
	{
		paused: z.ZodOptional<z.ZodBoolean>;
		layer: z.ZodOptional<
			z.ZodNullable<
				z.ZodObject<
					{
						spatial: z.ZodNumber;
						temporal: z.ZodOptional<z.ZodNumber>;
					},
					z.core.$strip
				>
			>
		>;
		size: z.ZodOptional<
			z.ZodNullable<
				z.ZodObject<
					{
						width: z.ZodNumber;
						height: z.ZodNumber;
					},
					z.core.$strip
				>
			>
		>;
		priority: z.ZodOptional<z.ZodNumber>;
	},
	z.core.$strip
>;
export type TrackSettings = z.infer<typeof TrackSettings>;
/** The receiving side of one subscribed track. */
export declare const ConsumerParameters: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				kind: z.ZodEnum<{
					audio: "audio";
					video: "video";
				}>;
				track: z.ZodString;
				participant: z.ZodString;
				id: z.ZodString;
				rtpParameters: z.ZodObject<
					{
						mid: z.ZodOptional<z.ZodString>;
						msid: z.ZodOptional<z.ZodString>;
						codecs: z.ZodArray<
							z.ZodObject<
								{
									mimeType: z.ZodString;
									payloadType: z.ZodNumber;
									clockRate: z.ZodNumber;
									channels: z.ZodOptional<z.ZodNumber>;
									parameters: z.ZodOptional<
										z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
									>;
									rtcpFeedback: z.ZodOptional<
										z.ZodArray<
											z.ZodObject<
												{
													type: z.ZodString;
													parameter: z.ZodOptional<z.ZodString>;
												},
												z.core.$strip
											>
										>
									>;
								},
								z.core.$strip
							>
						>;
						headerExtensions: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										uri: z.ZodString;
										id: z.ZodNumber;
										encrypt: z.ZodOptional<z.ZodBoolean>;
										parameters: z.ZodOptional<
											z.ZodRecord<z.ZodString, z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>>
										>;
									},
									z.core.$strip
								>
							>
						>;
						encodings: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										ssrc: z.ZodOptional<z.ZodNumber>;
										rid: z.ZodOptional<z.ZodString>;
										codecPayloadType: z.ZodOptional<z.ZodNumber>;
										rtx: z.ZodOptional<
											z.ZodObject<
												{
													ssrc: z.ZodNumber;
												},
												z.core.$strip
											>
										>;
										dtx: z.ZodOptional<z.ZodBoolean>;
										scalabilityMode: z.ZodOptional<z.ZodString>;
										maxBitrate: z.ZodOptional<z.ZodNumber>;
									},
									z.core.$strip
								>
							>
						>;
						rtcp: z.ZodOptional<
							z.ZodObject<
								{
									cname: z.ZodOptional<z.ZodString>;
									reducedSize: z.ZodOptional<z.ZodBoolean>;
								},
								z.core.$strip
							>
						>;
					},
					z.core.$strip
				>;
				type: z.ZodEnum<{
					pipe: "pipe";
					simple: "simple";
					simulcast: "simulcast";
					svc: "svc";
				}>;
				paused: z.ZodBoolean;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				kind: z.ZodLiteral<"data">;
				track: z.ZodString;
				participant: z.ZodString;
				id: z.ZodString;
				sctpStreamParameters: z.ZodObject<
					{
						streamId: z.ZodNumber;
						ordered: z.ZodOptional<z.ZodBoolean>;
						maxPacketLifeTime: z.ZodOptional<z.ZodNumber>;
						maxRetransmits: z.ZodOptional<z.ZodNumber>;
					},
					z.core.$strip
				>;
				label: z.ZodString;
				protocol: z.ZodString;
			},
			z.core.$strip
		>,
	],
	"kind"
>;
export type ConsumerParameters = z.infer<typeof ConsumerParameters>;
/** 0 (nothing arrives) to 10 (perfect), as mediasoup scores a stream. */
export declare const Score: z.ZodNumber;
export declare const Speaker: z.ZodObject<
	{
		participant: z.ZodString;
		track: z.ZodString;
		volume: z.ZodNumber;
	},
	z.core.$strip
>;
export type Speaker = z.infer<typeof Speaker>;
