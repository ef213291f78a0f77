/**
 * The native protocol, version 1: JSON text frames on one WebSocket per participant, at
 * `/v1/rooms/{room}/connect` with subprotocols `switchyard.v1` and `bearer.<token>`.
 * docs/native.md tells it in sentences; these schemas decide.
 */
import * as z from "zod";
export declare const SUBPROTOCOL = "switchyard.v1";
/** The token travels as a second subprotocol, since a browser cannot set a header on a WebSocket. */
export declare const BEARER_PREFIX = "bearer.";
declare const Direction: z.ZodEnum<{
	recv: "recv";
	send: "send";
}>;
export type Direction = z.infer<typeof Direction>;
/** Which tracks a participant receives without asking for each. */
export declare const SubscribeDefault: z.ZodEnum<{
	all: "all";
	none: "none";
}>;
export type SubscribeDefault = z.infer<typeof SubscribeDefault>;
export declare const SubscriptionChange: z.ZodObject<
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
		track: z.ZodString;
		on: z.ZodOptional<z.ZodBoolean>;
	},
	z.core.$strip
>;
export type SubscriptionChange = z.infer<typeof SubscriptionChange>;
/** SDP or ICE candidates between two participants, carried and not read. Candidates are gathered into one message. */
export declare const Signal: z.ZodObject<
	{
		description: z.ZodOptional<
			z.ZodObject<
				{
					type: z.ZodEnum<{
						answer: "answer";
						offer: "offer";
						pranswer: "pranswer";
						rollback: "rollback";
					}>;
					sdp: z.ZodOptional<z.ZodString>;
				},
				z.core.$strip
			>
		>;
		candidates: z.ZodOptional<
			z.ZodArray<
				z.ZodObject<
					{
						candidate: z.ZodString;
						sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
						sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
						usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
					},
					z.core.$strip
				>
			>
		>;
	},
	z.core.$strip
>;
export type Signal = z.infer<typeof Signal>;
/** Requests without their envelope. Each is idempotent by its own ids, so that one sent again after a lost answer does no harm. */
declare const requests: {
	readonly join: {
		/** What the client can receive, with the room's own numbers (mediasoup-client's `device.recvRtpCapabilities`). Absent: signaling only. */
		readonly rtpCapabilities: z.ZodOptional<
			z.ZodObject<
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
			>
		>;
		/** The fingerprints of the certificate of both transports; given here, it saves a round trip per transport. */
		readonly dtlsParameters: z.ZodOptional<
			z.ZodObject<
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
			>
		>;
		/** Data channels wanted. */
		readonly data: z.ZodDefault<z.ZodBoolean>;
		readonly subscribe: z.ZodDefault<
			z.ZodEnum<{
				all: "all";
				none: "none";
			}>
		>;
		readonly name: z.ZodOptional<z.ZodString>;
		readonly metadata: z.ZodOptional<z.ZodUnknown>;
		readonly presence: z.ZodOptional<z.ZodUnknown>;
		/** What the client is, for the logs: SDK and its version, platform. */
		readonly client: z.ZodOptional<z.ZodString>;
	};
	readonly resume: {
		readonly session: z.ZodString;
		readonly incarnation: z.ZodString;
		readonly seq: z.ZodNumber;
	};
	readonly leave: {};
	readonly connectTransport: {
		readonly endpoint: z.ZodString;
		readonly direction: z.ZodEnum<{
			recv: "recv";
			send: "send";
		}>;
		readonly dtlsParameters: z.ZodObject<
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
	};
	readonly restartIce: {
		readonly endpoint: z.ZodString;
		readonly direction: z.ZodEnum<{
			recv: "recv";
			send: "send";
		}>;
	};
	readonly publish: {
		readonly endpoint: z.ZodString;
		readonly track: z.ZodString;
		readonly source: z.ZodEnum<{
			audio: "audio";
			camera: "camera";
			data: "data";
			screen: "screen";
			screenAudio: "screenAudio";
		}>;
		readonly media: z.ZodDiscriminatedUnion<
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
												z.ZodRecord<
													z.ZodString,
													z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
												>
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
													z.ZodRecord<
														z.ZodString,
														z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
													>
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
												z.ZodRecord<
													z.ZodString,
													z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
												>
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
													z.ZodRecord<
														z.ZodString,
														z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
													>
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
		readonly muted: z.ZodDefault<z.ZodBoolean>;
		readonly layers: z.ZodOptional<
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
		readonly metadata: z.ZodOptional<z.ZodUnknown>;
	};
	readonly unpublish: {
		readonly track: z.ZodString;
	};
	/** Own track, or another's with the right to moderate (which can mute, never unmute). */
	readonly mute: {
		readonly track: z.ZodString;
		readonly muted: z.ZodBoolean;
	};
	readonly subscribe: {
		readonly default: z.ZodOptional<
			z.ZodEnum<{
				all: "all";
				none: "none";
			}>
		>;
		readonly tracks: z.ZodDefault<
			z.ZodArray<
				z.ZodObject<
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
						track: z.ZodString;
						on: z.ZodOptional<z.ZodBoolean>;
					},
					z.core.$strip
				>
			>
		>;
	};
	readonly keyFrame: {
		readonly track: z.ZodString;
	};
	/** A message to some, or to all others. `topic` is the application's own. */
	readonly message: {
		readonly to: z.ZodOptional<z.ZodArray<z.ZodString>>;
		readonly topic: z.ZodOptional<z.ZodString>;
		readonly payload: z.ZodUnknown;
	};
	readonly signal: {
		readonly to: z.ZodString;
		readonly signal: z.ZodObject<
			{
				description: z.ZodOptional<
					z.ZodObject<
						{
							type: z.ZodEnum<{
								answer: "answer";
								offer: "offer";
								pranswer: "pranswer";
								rollback: "rollback";
							}>;
							sdp: z.ZodOptional<z.ZodString>;
						},
						z.core.$strip
					>
				>;
				candidates: z.ZodOptional<
					z.ZodArray<
						z.ZodObject<
							{
								candidate: z.ZodString;
								sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
								sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
								usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
							},
							z.core.$strip
						>
					>
				>;
			},
			z.core.$strip
		>;
	};
	/** Own state that only its latest value matters of (hand raised, typing, cursor). Never stored. */
	readonly presence: {
		readonly presence: z.ZodUnknown;
	};
	readonly update: {
		readonly name: z.ZodOptional<z.ZodString>;
		readonly metadata: z.ZodOptional<z.ZodUnknown>;
	};
	readonly updateRoom: {
		readonly metadata: z.ZodUnknown;
	};
	readonly remove: {
		readonly participant: z.ZodString;
		readonly reason: z.ZodOptional<z.ZodString>;
	};
	readonly move: {
		readonly participant: z.ZodString;
		readonly room: z.ZodString;
	};
};
export type RequestType = keyof typeof requests;
export declare const ClientFrame: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				rtpCapabilities: z.ZodOptional<
					z.ZodObject<
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
												z.ZodRecord<
													z.ZodString,
													z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
												>
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
					>
				>;
				dtlsParameters: z.ZodOptional<
					z.ZodObject<
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
					>
				>;
				data: z.ZodDefault<z.ZodBoolean>;
				subscribe: z.ZodDefault<
					z.ZodEnum<{
						all: "all";
						none: "none";
					}>
				>;
				name: z.ZodOptional<z.ZodString>;
				metadata: z.ZodOptional<z.ZodUnknown>;
				presence: z.ZodOptional<z.ZodUnknown>;
				client: z.ZodOptional<z.ZodString>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"join">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				session: z.ZodString;
				incarnation: z.ZodString;
				seq: z.ZodNumber;
				id: z.ZodNumber;
				type: z.ZodLiteral<"resume">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				id: z.ZodNumber;
				type: z.ZodLiteral<"leave">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				direction: z.ZodEnum<{
					recv: "recv";
					send: "send";
				}>;
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
				id: z.ZodNumber;
				type: z.ZodLiteral<"connectTransport">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				direction: z.ZodEnum<{
					recv: "recv";
					send: "send";
				}>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"restartIce">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				track: z.ZodString;
				source: z.ZodEnum<{
					audio: "audio";
					camera: "camera";
					data: "data";
					screen: "screen";
					screenAudio: "screenAudio";
				}>;
				media: z.ZodDiscriminatedUnion<
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
														z.ZodRecord<
															z.ZodString,
															z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
														>
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
															z.ZodRecord<
																z.ZodString,
																z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
															>
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
														z.ZodRecord<
															z.ZodString,
															z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
														>
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
															z.ZodRecord<
																z.ZodString,
																z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
															>
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
				muted: z.ZodDefault<z.ZodBoolean>;
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
				metadata: z.ZodOptional<z.ZodUnknown>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"publish">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				track: z.ZodString;
				id: z.ZodNumber;
				type: z.ZodLiteral<"unpublish">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				track: z.ZodString;
				muted: z.ZodBoolean;
				id: z.ZodNumber;
				type: z.ZodLiteral<"mute">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				default: z.ZodOptional<
					z.ZodEnum<{
						all: "all";
						none: "none";
					}>
				>;
				tracks: z.ZodDefault<
					z.ZodArray<
						z.ZodObject<
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
								track: z.ZodString;
								on: z.ZodOptional<z.ZodBoolean>;
							},
							z.core.$strip
						>
					>
				>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"subscribe">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				track: z.ZodString;
				id: z.ZodNumber;
				type: z.ZodLiteral<"keyFrame">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				to: z.ZodOptional<z.ZodArray<z.ZodString>>;
				topic: z.ZodOptional<z.ZodString>;
				payload: z.ZodUnknown;
				id: z.ZodNumber;
				type: z.ZodLiteral<"message">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				to: z.ZodString;
				signal: z.ZodObject<
					{
						description: z.ZodOptional<
							z.ZodObject<
								{
									type: z.ZodEnum<{
										answer: "answer";
										offer: "offer";
										pranswer: "pranswer";
										rollback: "rollback";
									}>;
									sdp: z.ZodOptional<z.ZodString>;
								},
								z.core.$strip
							>
						>;
						candidates: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										candidate: z.ZodString;
										sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
										sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
										usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
									},
									z.core.$strip
								>
							>
						>;
					},
					z.core.$strip
				>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"signal">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				presence: z.ZodUnknown;
				id: z.ZodNumber;
				type: z.ZodLiteral<"presence">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				name: z.ZodOptional<z.ZodString>;
				metadata: z.ZodOptional<z.ZodUnknown>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"update">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				metadata: z.ZodUnknown;
				id: z.ZodNumber;
				type: z.ZodLiteral<"updateRoom">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				reason: z.ZodOptional<z.ZodString>;
				id: z.ZodNumber;
				type: z.ZodLiteral<"remove">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				room: z.ZodString;
				id: z.ZodNumber;
				type: z.ZodLiteral<"move">;
			},
			z.core.$strip
		>,
	],
	"type"
>;
export type ClientFrame = z.infer<typeof ClientFrame>;
/** As a client writes it: defaults may be left out. */
export type ClientFrameInput = z.input<typeof ClientFrame>;
export type RequestOf<T extends RequestType> = Omit<
	Extract<
		ClientFrame,
		{
			type: T;
		}
	>,
	"id"
>;
export type RequestInput<T extends RequestType> = Omit<
	Extract<
		ClientFrameInput,
		{
			type: T;
		}
	>,
	"id" | "type"
>;
export declare const ParticipantInfo: z.ZodObject<
	{
		id: z.ZodString;
		join: z.ZodNumber;
		name: z.ZodOptional<z.ZodString>;
		metadata: z.ZodOptional<z.ZodUnknown>;
		presence: z.ZodOptional<z.ZodUnknown>;
		state: z.ZodEnum<{
			away: "away";
			joined: "joined";
		}>;
		joinedAt: z.ZodNumber;
		tracks: z.ZodArray<
			z.ZodObject<
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
			>
		>;
	},
	z.core.$strip
>;
export type ParticipantInfo = z.infer<typeof ParticipantInfo>;
export declare const RoomInfo: z.ZodObject<
	{
		name: z.ZodString;
		metadata: z.ZodOptional<z.ZodUnknown>;
		topology: z.ZodEnum<{
			sfu: "sfu";
		}>;
		createdAt: z.ZodNumber;
	},
	z.core.$strip
>;
export type RoomInfo = z.infer<typeof RoomInfo>;
/** The whole state as of `seq`. */
export declare const Snapshot: z.ZodObject<
	{
		incarnation: z.ZodString;
		seq: z.ZodNumber;
		room: z.ZodObject<
			{
				name: z.ZodString;
				metadata: z.ZodOptional<z.ZodUnknown>;
				topology: z.ZodEnum<{
					sfu: "sfu";
				}>;
				createdAt: z.ZodNumber;
			},
			z.core.$strip
		>;
		participants: z.ZodArray<
			z.ZodObject<
				{
					id: z.ZodString;
					join: z.ZodNumber;
					name: z.ZodOptional<z.ZodString>;
					metadata: z.ZodOptional<z.ZodUnknown>;
					presence: z.ZodOptional<z.ZodUnknown>;
					state: z.ZodEnum<{
						away: "away";
						joined: "joined";
					}>;
					joinedAt: z.ZodNumber;
					tracks: z.ZodArray<
						z.ZodObject<
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
						>
					>;
				},
				z.core.$strip
			>
		>;
	},
	z.core.$strip
>;
export type Snapshot = z.infer<typeof Snapshot>;
export declare const IceServer: z.ZodObject<
	{
		urls: z.ZodArray<z.ZodString>;
		username: z.ZodOptional<z.ZodString>;
		credential: z.ZodOptional<z.ZodString>;
	},
	z.core.$strip
>;
export type IceServer = z.infer<typeof IceServer>;
/** First frame on every socket, sent by the room before it is asked anything. */
export declare const Welcome: z.ZodObject<
	{
		type: z.ZodLiteral<"welcome">;
		protocol: z.ZodLiteral<1>;
		participant: z.ZodString;
		rights: z.ZodObject<
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
		session: z.ZodObject<
			{
				id: z.ZodString;
				token: z.ZodString;
				graceMs: z.ZodNumber;
			},
			z.core.$strip
		>;
		routerRtpCapabilities: z.ZodObject<
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
		iceServers: z.ZodArray<
			z.ZodObject<
				{
					urls: z.ZodArray<z.ZodString>;
					username: z.ZodOptional<z.ZodString>;
					credential: z.ZodOptional<z.ZodString>;
				},
				z.core.$strip
			>
		>;
		heartbeatMs: z.ZodNumber;
		maxMessageBytes: z.ZodNumber;
	},
	z.core.$strip
>;
export type Welcome = z.infer<typeof Welcome>;
/** Why a participant or track went. */
export declare const LeaveReason: z.ZodEnum<{
	left: "left";
	moved: "moved";
	removed: "removed";
	replaced: "replaced";
	roomClosed: "roomClosed";
	timeout: "timeout";
}>;
export type LeaveReason = z.infer<typeof LeaveReason>;
/**
 * Changes and messages: numbered by the room, in order, replayed on resume. A participant sees the numbers of what
 * was for it, so they grow but need not be consecutive.
 */
declare const events: {
	readonly participantJoined: {
		readonly participant: z.ZodObject<
			{
				id: z.ZodString;
				join: z.ZodNumber;
				name: z.ZodOptional<z.ZodString>;
				metadata: z.ZodOptional<z.ZodUnknown>;
				presence: z.ZodOptional<z.ZodUnknown>;
				state: z.ZodEnum<{
					away: "away";
					joined: "joined";
				}>;
				joinedAt: z.ZodNumber;
				tracks: z.ZodArray<
					z.ZodObject<
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
					>
				>;
			},
			z.core.$strip
		>;
	};
	readonly participantUpdated: {
		readonly participant: z.ZodString;
		readonly name: z.ZodOptional<z.ZodString>;
		readonly metadata: z.ZodOptional<z.ZodUnknown>;
		readonly state: z.ZodOptional<
			z.ZodEnum<{
				away: "away";
				joined: "joined";
			}>
		>;
	};
	readonly participantLeft: {
		readonly participant: z.ZodString;
		readonly reason: z.ZodEnum<{
			left: "left";
			moved: "moved";
			removed: "removed";
			replaced: "replaced";
			roomClosed: "roomClosed";
			timeout: "timeout";
		}>;
	};
	readonly trackPublished: {
		readonly participant: z.ZodString;
		readonly track: z.ZodObject<
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
	};
	readonly trackUpdated: {
		readonly participant: z.ZodString;
		readonly track: z.ZodString;
		readonly muted: z.ZodBoolean;
	};
	readonly trackUnpublished: {
		readonly participant: z.ZodString;
		readonly track: z.ZodString;
	};
	readonly roomUpdated: {
		readonly metadata: z.ZodUnknown;
	};
	/** A message; `id` and `join` are the sender's, so that one sent twice is known as such. */
	readonly message: {
		readonly from: z.ZodString;
		readonly join: z.ZodNumber;
		readonly id: z.ZodNumber;
		readonly topic: z.ZodOptional<z.ZodString>;
		readonly payload: z.ZodUnknown;
	};
	/** `id` is the sender's last request that is in it. */
	readonly signal: {
		readonly from: z.ZodString;
		readonly join: z.ZodNumber;
		readonly id: z.ZodNumber;
		readonly signal: z.ZodObject<
			{
				description: z.ZodOptional<
					z.ZodObject<
						{
							type: z.ZodEnum<{
								answer: "answer";
								offer: "offer";
								pranswer: "pranswer";
								rollback: "rollback";
							}>;
							sdp: z.ZodOptional<z.ZodString>;
						},
						z.core.$strip
					>
				>;
				candidates: z.ZodOptional<
					z.ZodArray<
						z.ZodObject<
							{
								candidate: z.ZodString;
								sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
								sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
								usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
							},
							z.core.$strip
						>
					>
				>;
			},
			z.core.$strip
		>;
	};
	/** The participant's media side is ready on a node: the first, or one that replaces an earlier one, which is void. */
	readonly endpoint: {
		readonly endpoint: z.ZodString;
		readonly node: z.ZodObject<
			{
				id: z.ZodString;
				region: z.ZodString;
			},
			z.core.$strip
		>;
		readonly send: z.ZodOptional<
			z.ZodObject<
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
			>
		>;
		readonly recv: z.ZodOptional<
			z.ZodObject<
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
			>
		>;
	};
	/** The media side is gone; another `endpoint` follows when a node is found. */
	readonly endpointLost: {
		readonly endpoint: z.ZodString;
		readonly reason: z.ZodObject<
			{
				code: z.ZodEnum<{
					already_joined: "already_joined";
					bad_json: "bad_json";
					bad_request: "bad_request";
					conflict: "conflict";
					forbidden: "forbidden";
					internal: "internal";
					no_node: "no_node";
					node_failed: "node_failed";
					not_found: "not_found";
					not_joined: "not_joined";
					origin_not_allowed: "origin_not_allowed";
					rate_limited: "rate_limited";
					room_full: "room_full";
					session_gone: "session_gone";
					stale_endpoint: "stale_endpoint";
					too_large: "too_large";
					too_many_tracks: "too_many_tracks";
					unauthorized: "unauthorized";
					unknown_type: "unknown_type";
					unsupported: "unsupported";
					upgrade_required: "upgrade_required";
				}>;
				message: z.ZodString;
			},
			z.core.$strip
		>;
	};
	/** New ICE parameters, on request. */
	readonly ice: {
		readonly endpoint: z.ZodString;
		readonly direction: z.ZodEnum<{
			recv: "recv";
			send: "send";
		}>;
		readonly iceParameters: z.ZodObject<
			{
				usernameFragment: z.ZodString;
				password: z.ZodString;
				iceLite: z.ZodOptional<z.ZodBoolean>;
			},
			z.core.$strip
		>;
	};
	/** Tracks that now flow to this participant, in one batch. One it has already is the same. */
	readonly subscribed: {
		readonly endpoint: z.ZodString;
		readonly consumers: z.ZodArray<
			z.ZodDiscriminatedUnion<
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
													z.ZodRecord<
														z.ZodString,
														z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
													>
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
														z.ZodRecord<
															z.ZodString,
															z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
														>
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
			>
		>;
	};
	readonly unsubscribed: {
		readonly endpoint: z.ZodString;
		readonly tracks: z.ZodArray<z.ZodString>;
	};
	readonly subscriptionFailed: {
		readonly endpoint: z.ZodString;
		readonly track: z.ZodString;
		readonly error: z.ZodObject<
			{
				code: z.ZodEnum<{
					already_joined: "already_joined";
					bad_json: "bad_json";
					bad_request: "bad_request";
					conflict: "conflict";
					forbidden: "forbidden";
					internal: "internal";
					no_node: "no_node";
					node_failed: "node_failed";
					not_found: "not_found";
					not_joined: "not_joined";
					origin_not_allowed: "origin_not_allowed";
					rate_limited: "rate_limited";
					room_full: "room_full";
					session_gone: "session_gone";
					stale_endpoint: "stale_endpoint";
					too_large: "too_large";
					too_many_tracks: "too_many_tracks";
					unauthorized: "unauthorized";
					unknown_type: "unknown_type";
					unsupported: "unsupported";
					upgrade_required: "upgrade_required";
				}>;
				message: z.ZodString;
			},
			z.core.$strip
		>;
	};
	/** Go to another room with this token; the socket closes with `moved`. */
	readonly moved: {
		readonly room: z.ZodString;
		readonly token: z.ZodString;
	};
	/** Removed from the room; the socket closes with `removed`. */
	readonly removed: {
		readonly reason: z.ZodOptional<z.ZodString>;
	};
};
/** Latest-value-only news, gathered and not numbered: a lost one is made good by the next. */
declare const volatile: {
	/** Merged presence of everybody whose presence changed. */
	readonly presence: {
		readonly presence: z.ZodRecord<z.ZodString, z.ZodUnknown>;
	};
	/** Who speaks, loudest first; empty when nobody does. `dominant` is the active speaker. */
	readonly speakers: {
		readonly speakers: z.ZodArray<
			z.ZodObject<
				{
					participant: z.ZodString;
					track: z.ZodString;
					volume: z.ZodNumber;
				},
				z.core.$strip
			>
		>;
		readonly dominant: z.ZodOptional<z.ZodString>;
	};
	/** Layers that this participant gets of tracks now; null when a track sends nothing. */
	readonly layers: {
		readonly layers: z.ZodRecord<
			z.ZodString,
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
	};
	/** Connection quality of participants, 0 to 10, as their node sees it. */
	readonly quality: {
		readonly quality: z.ZodRecord<z.ZodString, z.ZodNumber>;
	};
};
export type EventType = keyof typeof events;
export type VolatileType = keyof typeof volatile;
export declare const EventFrame: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				participant: z.ZodObject<
					{
						id: z.ZodString;
						join: z.ZodNumber;
						name: z.ZodOptional<z.ZodString>;
						metadata: z.ZodOptional<z.ZodUnknown>;
						presence: z.ZodOptional<z.ZodUnknown>;
						state: z.ZodEnum<{
							away: "away";
							joined: "joined";
						}>;
						joinedAt: z.ZodNumber;
						tracks: z.ZodArray<
							z.ZodObject<
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
							>
						>;
					},
					z.core.$strip
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"participantJoined">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				name: z.ZodOptional<z.ZodString>;
				metadata: z.ZodOptional<z.ZodUnknown>;
				state: z.ZodOptional<
					z.ZodEnum<{
						away: "away";
						joined: "joined";
					}>
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"participantUpdated">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				reason: z.ZodEnum<{
					left: "left";
					moved: "moved";
					removed: "removed";
					replaced: "replaced";
					roomClosed: "roomClosed";
					timeout: "timeout";
				}>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"participantLeft">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				track: z.ZodObject<
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
				seq: z.ZodNumber;
				type: z.ZodLiteral<"trackPublished">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				track: z.ZodString;
				muted: z.ZodBoolean;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"trackUpdated">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				participant: z.ZodString;
				track: z.ZodString;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"trackUnpublished">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				metadata: z.ZodUnknown;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"roomUpdated">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				from: z.ZodString;
				join: z.ZodNumber;
				id: z.ZodNumber;
				topic: z.ZodOptional<z.ZodString>;
				payload: z.ZodUnknown;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"message">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				from: z.ZodString;
				join: z.ZodNumber;
				id: z.ZodNumber;
				signal: z.ZodObject<
					{
						description: z.ZodOptional<
							z.ZodObject<
								{
									type: z.ZodEnum<{
										answer: "answer";
										offer: "offer";
										pranswer: "pranswer";
										rollback: "rollback";
									}>;
									sdp: z.ZodOptional<z.ZodString>;
								},
								z.core.$strip
							>
						>;
						candidates: z.ZodOptional<
							z.ZodArray<
								z.ZodObject<
									{
										candidate: z.ZodString;
										sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
										sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
										usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
									},
									z.core.$strip
								>
							>
						>;
					},
					z.core.$strip
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"signal">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				node: z.ZodObject<
					{
						id: z.ZodString;
						region: z.ZodString;
					},
					z.core.$strip
				>;
				send: z.ZodOptional<
					z.ZodObject<
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
					>
				>;
				recv: z.ZodOptional<
					z.ZodObject<
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
					>
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"endpoint">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				reason: z.ZodObject<
					{
						code: z.ZodEnum<{
							already_joined: "already_joined";
							bad_json: "bad_json";
							bad_request: "bad_request";
							conflict: "conflict";
							forbidden: "forbidden";
							internal: "internal";
							no_node: "no_node";
							node_failed: "node_failed";
							not_found: "not_found";
							not_joined: "not_joined";
							origin_not_allowed: "origin_not_allowed";
							rate_limited: "rate_limited";
							room_full: "room_full";
							session_gone: "session_gone";
							stale_endpoint: "stale_endpoint";
							too_large: "too_large";
							too_many_tracks: "too_many_tracks";
							unauthorized: "unauthorized";
							unknown_type: "unknown_type";
							unsupported: "unsupported";
							upgrade_required: "upgrade_required";
						}>;
						message: z.ZodString;
					},
					z.core.$strip
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"endpointLost">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				direction: z.ZodEnum<{
					recv: "recv";
					send: "send";
				}>;
				iceParameters: z.ZodObject<
					{
						usernameFragment: z.ZodString;
						password: z.ZodString;
						iceLite: z.ZodOptional<z.ZodBoolean>;
					},
					z.core.$strip
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"ice">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				consumers: z.ZodArray<
					z.ZodDiscriminatedUnion<
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
															z.ZodRecord<
																z.ZodString,
																z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
															>
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
																z.ZodRecord<
																	z.ZodString,
																	z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
																>
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
					>
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"subscribed">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				tracks: z.ZodArray<z.ZodString>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"unsubscribed">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				endpoint: z.ZodString;
				track: z.ZodString;
				error: z.ZodObject<
					{
						code: z.ZodEnum<{
							already_joined: "already_joined";
							bad_json: "bad_json";
							bad_request: "bad_request";
							conflict: "conflict";
							forbidden: "forbidden";
							internal: "internal";
							no_node: "no_node";
							node_failed: "node_failed";
							not_found: "not_found";
							not_joined: "not_joined";
							origin_not_allowed: "origin_not_allowed";
							rate_limited: "rate_limited";
							room_full: "room_full";
							session_gone: "session_gone";
							stale_endpoint: "stale_endpoint";
							too_large: "too_large";
							too_many_tracks: "too_many_tracks";
							unauthorized: "unauthorized";
							unknown_type: "unknown_type";
							unsupported: "unsupported";
							upgrade_required: "upgrade_required";
						}>;
						message: z.ZodString;
					},
					z.core.$strip
				>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"subscriptionFailed">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				room: z.ZodString;
				token: z.ZodString;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"moved">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				reason: z.ZodOptional<z.ZodString>;
				seq: z.ZodNumber;
				type: z.ZodLiteral<"removed">;
			},
			z.core.$strip
		>,
	],
	"type"
>;
export type EventFrame = z.infer<typeof EventFrame>;
export declare const VolatileFrame: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				presence: z.ZodRecord<z.ZodString, z.ZodUnknown>;
				type: z.ZodLiteral<"presence">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				speakers: z.ZodArray<
					z.ZodObject<
						{
							participant: z.ZodString;
							track: z.ZodString;
							volume: z.ZodNumber;
						},
						z.core.$strip
					>
				>;
				dominant: z.ZodOptional<z.ZodString>;
				type: z.ZodLiteral<"speakers">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				layers: z.ZodRecord<
					z.ZodString,
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
				type: z.ZodLiteral<"layers">;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				quality: z.ZodRecord<z.ZodString, z.ZodNumber>;
				type: z.ZodLiteral<"quality">;
			},
			z.core.$strip
		>,
	],
	"type"
>;
export type VolatileFrame = z.infer<typeof VolatileFrame>;
/** The answer to a request; `re` is its id. `joined` and `resumed` carry what the client needs to go on. */
export declare const Reply: z.ZodDiscriminatedUnion<
	[
		z.ZodObject<
			{
				type: z.ZodLiteral<"ok">;
				re: z.ZodNumber;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				type: z.ZodLiteral<"error">;
				re: z.ZodNumber;
				error: z.ZodObject<
					{
						code: z.ZodEnum<{
							already_joined: "already_joined";
							bad_json: "bad_json";
							bad_request: "bad_request";
							conflict: "conflict";
							forbidden: "forbidden";
							internal: "internal";
							no_node: "no_node";
							node_failed: "node_failed";
							not_found: "not_found";
							not_joined: "not_joined";
							origin_not_allowed: "origin_not_allowed";
							rate_limited: "rate_limited";
							room_full: "room_full";
							session_gone: "session_gone";
							stale_endpoint: "stale_endpoint";
							too_large: "too_large";
							too_many_tracks: "too_many_tracks";
							unauthorized: "unauthorized";
							unknown_type: "unknown_type";
							unsupported: "unsupported";
							upgrade_required: "upgrade_required";
						}>;
						message: z.ZodString;
					},
					z.core.$strip
				>;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				incarnation: z.ZodString;
				seq: z.ZodNumber;
				room: z.ZodObject<
					{
						name: z.ZodString;
						metadata: z.ZodOptional<z.ZodUnknown>;
						topology: z.ZodEnum<{
							sfu: "sfu";
						}>;
						createdAt: z.ZodNumber;
					},
					z.core.$strip
				>;
				participants: z.ZodArray<
					z.ZodObject<
						{
							id: z.ZodString;
							join: z.ZodNumber;
							name: z.ZodOptional<z.ZodString>;
							metadata: z.ZodOptional<z.ZodUnknown>;
							presence: z.ZodOptional<z.ZodUnknown>;
							state: z.ZodEnum<{
								away: "away";
								joined: "joined";
							}>;
							joinedAt: z.ZodNumber;
							tracks: z.ZodArray<
								z.ZodObject<
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
								>
							>;
						},
						z.core.$strip
					>
				>;
				type: z.ZodLiteral<"joined">;
				re: z.ZodNumber;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				type: z.ZodLiteral<"replayed">;
				re: z.ZodNumber;
				seq: z.ZodNumber;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				incarnation: z.ZodString;
				seq: z.ZodNumber;
				room: z.ZodObject<
					{
						name: z.ZodString;
						metadata: z.ZodOptional<z.ZodUnknown>;
						topology: z.ZodEnum<{
							sfu: "sfu";
						}>;
						createdAt: z.ZodNumber;
					},
					z.core.$strip
				>;
				participants: z.ZodArray<
					z.ZodObject<
						{
							id: z.ZodString;
							join: z.ZodNumber;
							name: z.ZodOptional<z.ZodString>;
							metadata: z.ZodOptional<z.ZodUnknown>;
							presence: z.ZodOptional<z.ZodUnknown>;
							state: z.ZodEnum<{
								away: "away";
								joined: "joined";
							}>;
							joinedAt: z.ZodNumber;
							tracks: z.ZodArray<
								z.ZodObject<
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
								>
							>;
						},
						z.core.$strip
					>
				>;
				type: z.ZodLiteral<"resumed">;
				re: z.ZodNumber;
			},
			z.core.$strip
		>,
	],
	"type"
>;
export type Reply = z.infer<typeof Reply>;
/** A refusal that answers no request: a frame that could not be read, or one on a socket about to close. */
export declare const Refusal: z.ZodObject<
	{
		type: z.ZodLiteral<"refused">;
		error: z.ZodObject<
			{
				code: z.ZodEnum<{
					already_joined: "already_joined";
					bad_json: "bad_json";
					bad_request: "bad_request";
					conflict: "conflict";
					forbidden: "forbidden";
					internal: "internal";
					no_node: "no_node";
					node_failed: "node_failed";
					not_found: "not_found";
					not_joined: "not_joined";
					origin_not_allowed: "origin_not_allowed";
					rate_limited: "rate_limited";
					room_full: "room_full";
					session_gone: "session_gone";
					stale_endpoint: "stale_endpoint";
					too_large: "too_large";
					too_many_tracks: "too_many_tracks";
					unauthorized: "unauthorized";
					unknown_type: "unknown_type";
					unsupported: "unsupported";
					upgrade_required: "upgrade_required";
				}>;
				message: z.ZodString;
			},
			z.core.$strip
		>;
	},
	z.core.$strip
>;
export type Refusal = z.infer<typeof Refusal>;
export declare const ServerFrame: z.ZodUnion<
	readonly [
		z.ZodDiscriminatedUnion<
			[
				z.ZodObject<
					{
						participant: z.ZodObject<
							{
								id: z.ZodString;
								join: z.ZodNumber;
								name: z.ZodOptional<z.ZodString>;
								metadata: z.ZodOptional<z.ZodUnknown>;
								presence: z.ZodOptional<z.ZodUnknown>;
								state: z.ZodEnum<{
									away: "away";
									joined: "joined";
								}>;
								joinedAt: z.ZodNumber;
								tracks: z.ZodArray<
									z.ZodObject<
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
									>
								>;
							},
							z.core.$strip
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"participantJoined">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						participant: z.ZodString;
						name: z.ZodOptional<z.ZodString>;
						metadata: z.ZodOptional<z.ZodUnknown>;
						state: z.ZodOptional<
							z.ZodEnum<{
								away: "away";
								joined: "joined";
							}>
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"participantUpdated">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						participant: z.ZodString;
						reason: z.ZodEnum<{
							left: "left";
							moved: "moved";
							removed: "removed";
							replaced: "replaced";
							roomClosed: "roomClosed";
							timeout: "timeout";
						}>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"participantLeft">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						participant: z.ZodString;
						track: z.ZodObject<
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
						seq: z.ZodNumber;
						type: z.ZodLiteral<"trackPublished">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						participant: z.ZodString;
						track: z.ZodString;
						muted: z.ZodBoolean;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"trackUpdated">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						participant: z.ZodString;
						track: z.ZodString;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"trackUnpublished">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						metadata: z.ZodUnknown;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"roomUpdated">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						from: z.ZodString;
						join: z.ZodNumber;
						id: z.ZodNumber;
						topic: z.ZodOptional<z.ZodString>;
						payload: z.ZodUnknown;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"message">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						from: z.ZodString;
						join: z.ZodNumber;
						id: z.ZodNumber;
						signal: z.ZodObject<
							{
								description: z.ZodOptional<
									z.ZodObject<
										{
											type: z.ZodEnum<{
												answer: "answer";
												offer: "offer";
												pranswer: "pranswer";
												rollback: "rollback";
											}>;
											sdp: z.ZodOptional<z.ZodString>;
										},
										z.core.$strip
									>
								>;
								candidates: z.ZodOptional<
									z.ZodArray<
										z.ZodObject<
											{
												candidate: z.ZodString;
												sdpMid: z.ZodOptional<z.ZodNullable<z.ZodString>>;
												sdpMLineIndex: z.ZodOptional<z.ZodNullable<z.ZodNumber>>;
												usernameFragment: z.ZodOptional<z.ZodNullable<z.ZodString>>;
											},
											z.core.$strip
										>
									>
								>;
							},
							z.core.$strip
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"signal">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						node: z.ZodObject<
							{
								id: z.ZodString;
								region: z.ZodString;
							},
							z.core.$strip
						>;
						send: z.ZodOptional<
							z.ZodObject<
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
							>
						>;
						recv: z.ZodOptional<
							z.ZodObject<
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
							>
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"endpoint">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						reason: z.ZodObject<
							{
								code: z.ZodEnum<{
									already_joined: "already_joined";
									bad_json: "bad_json";
									bad_request: "bad_request";
									conflict: "conflict";
									forbidden: "forbidden";
									internal: "internal";
									no_node: "no_node";
									node_failed: "node_failed";
									not_found: "not_found";
									not_joined: "not_joined";
									origin_not_allowed: "origin_not_allowed";
									rate_limited: "rate_limited";
									room_full: "room_full";
									session_gone: "session_gone";
									stale_endpoint: "stale_endpoint";
									too_large: "too_large";
									too_many_tracks: "too_many_tracks";
									unauthorized: "unauthorized";
									unknown_type: "unknown_type";
									unsupported: "unsupported";
									upgrade_required: "upgrade_required";
								}>;
								message: z.ZodString;
							},
							z.core.$strip
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"endpointLost">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						direction: z.ZodEnum<{
							recv: "recv";
							send: "send";
						}>;
						iceParameters: z.ZodObject<
							{
								usernameFragment: z.ZodString;
								password: z.ZodString;
								iceLite: z.ZodOptional<z.ZodBoolean>;
							},
							z.core.$strip
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"ice">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						consumers: z.ZodArray<
							z.ZodDiscriminatedUnion<
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
																	z.ZodRecord<
																		z.ZodString,
																		z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
																	>
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
																		z.ZodRecord<
																			z.ZodString,
																			z.ZodUnion<readonly [z.ZodString, z.ZodNumber, z.ZodBoolean, z.ZodNull]>
																		>
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
							>
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"subscribed">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						tracks: z.ZodArray<z.ZodString>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"unsubscribed">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						endpoint: z.ZodString;
						track: z.ZodString;
						error: z.ZodObject<
							{
								code: z.ZodEnum<{
									already_joined: "already_joined";
									bad_json: "bad_json";
									bad_request: "bad_request";
									conflict: "conflict";
									forbidden: "forbidden";
									internal: "internal";
									no_node: "no_node";
									node_failed: "node_failed";
									not_found: "not_found";
									not_joined: "not_joined";
									origin_not_allowed: "origin_not_allowed";
									rate_limited: "rate_limited";
									room_full: "room_full";
									session_gone: "session_gone";
									stale_endpoint: "stale_endpoint";
									too_large: "too_large";
									too_many_tracks: "too_many_tracks";
									unauthorized: "unauthorized";
									unknown_type: "unknown_type";
									unsupported: "unsupported";
									upgrade_required: "upgrade_required";
								}>;
								message: z.ZodString;
							},
							z.core.$strip
						>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"subscriptionFailed">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						room: z.ZodString;
						token: z.ZodString;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"moved">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						reason: z.ZodOptional<z.ZodString>;
						seq: z.ZodNumber;
						type: z.ZodLiteral<"removed">;
					},
					z.core.$strip
				>,
			],
			"type"
		>,
		z.ZodDiscriminatedUnion<
			[
				z.ZodObject<
					{
						presence: z.ZodRecord<z.ZodString, z.ZodUnknown>;
						type: z.ZodLiteral<"presence">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						speakers: z.ZodArray<
							z.ZodObject<
								{
									participant: z.ZodString;
									track: z.ZodString;
									volume: z.ZodNumber;
								},
								z.core.$strip
							>
						>;
						dominant: z.ZodOptional<z.ZodString>;
						type: z.ZodLiteral<"speakers">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						layers: z.ZodRecord<
							z.ZodString,
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
						type: z.ZodLiteral<"layers">;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						quality: z.ZodRecord<z.ZodString, z.ZodNumber>;
						type: z.ZodLiteral<"quality">;
					},
					z.core.$strip
				>,
			],
			"type"
		>,
		z.ZodDiscriminatedUnion<
			[
				z.ZodObject<
					{
						type: z.ZodLiteral<"ok">;
						re: z.ZodNumber;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						type: z.ZodLiteral<"error">;
						re: z.ZodNumber;
						error: z.ZodObject<
							{
								code: z.ZodEnum<{
									already_joined: "already_joined";
									bad_json: "bad_json";
									bad_request: "bad_request";
									conflict: "conflict";
									forbidden: "forbidden";
									internal: "internal";
									no_node: "no_node";
									node_failed: "node_failed";
									not_found: "not_found";
									not_joined: "not_joined";
									origin_not_allowed: "origin_not_allowed";
									rate_limited: "rate_limited";
									room_full: "room_full";
									session_gone: "session_gone";
									stale_endpoint: "stale_endpoint";
									too_large: "too_large";
									too_many_tracks: "too_many_tracks";
									unauthorized: "unauthorized";
									unknown_type: "unknown_type";
									unsupported: "unsupported";
									upgrade_required: "upgrade_required";
								}>;
								message: z.ZodString;
							},
							z.core.$strip
						>;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						incarnation: z.ZodString;
						seq: z.ZodNumber;
						room: z.ZodObject<
							{
								name: z.ZodString;
								metadata: z.ZodOptional<z.ZodUnknown>;
								topology: z.ZodEnum<{
									sfu: "sfu";
								}>;
								createdAt: z.ZodNumber;
							},
							z.core.$strip
						>;
						participants: z.ZodArray<
							z.ZodObject<
								{
									id: z.ZodString;
									join: z.ZodNumber;
									name: z.ZodOptional<z.ZodString>;
									metadata: z.ZodOptional<z.ZodUnknown>;
									presence: z.ZodOptional<z.ZodUnknown>;
									state: z.ZodEnum<{
										away: "away";
										joined: "joined";
									}>;
									joinedAt: z.ZodNumber;
									tracks: z.ZodArray<
										z.ZodObject<
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
										>
									>;
								},
								z.core.$strip
							>
						>;
						type: z.ZodLiteral<"joined">;
						re: z.ZodNumber;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						type: z.ZodLiteral<"replayed">;
						re: z.ZodNumber;
						seq: z.ZodNumber;
					},
					z.core.$strip
				>,
				z.ZodObject<
					{
						incarnation: z.ZodString;
						seq: z.ZodNumber;
						room: z.ZodObject<
							{
								name: z.ZodString;
								metadata: z.ZodOptional<z.ZodUnknown>;
								topology: z.ZodEnum<{
									sfu: "sfu";
								}>;
								createdAt: z.ZodNumber;
							},
							z.core.$strip
						>;
						participants: z.ZodArray<
							z.ZodObject<
								{
									id: z.ZodString;
									join: z.ZodNumber;
									name: z.ZodOptional<z.ZodString>;
									metadata: z.ZodOptional<z.ZodUnknown>;
									presence: z.ZodOptional<z.ZodUnknown>;
									state: z.ZodEnum<{
										away: "away";
										joined: "joined";
									}>;
									joinedAt: z.ZodNumber;
									tracks: z.ZodArray<
										z.ZodObject<
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
										>
									>;
								},
								z.core.$strip
							>
						>;
						type: z.ZodLiteral<"resumed">;
						re: z.ZodNumber;
					},
					z.core.$strip
				>,
			],
			"type"
		>,
		z.ZodObject<
			{
				type: z.ZodLiteral<"welcome">;
				protocol: z.ZodLiteral<1>;
				participant: z.ZodString;
				rights: z.ZodObject<
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
				session: z.ZodObject<
					{
						id: z.ZodString;
						token: z.ZodString;
						graceMs: z.ZodNumber;
					},
					z.core.$strip
				>;
				routerRtpCapabilities: z.ZodObject<
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
				iceServers: z.ZodArray<
					z.ZodObject<
						{
							urls: z.ZodArray<z.ZodString>;
							username: z.ZodOptional<z.ZodString>;
							credential: z.ZodOptional<z.ZodString>;
						},
						z.core.$strip
					>
				>;
				heartbeatMs: z.ZodNumber;
				maxMessageBytes: z.ZodNumber;
			},
			z.core.$strip
		>,
		z.ZodObject<
			{
				type: z.ZodLiteral<"refused">;
				error: z.ZodObject<
					{
						code: z.ZodEnum<{
							already_joined: "already_joined";
							bad_json: "bad_json";
							bad_request: "bad_request";
							conflict: "conflict";
							forbidden: "forbidden";
							internal: "internal";
							no_node: "no_node";
							node_failed: "node_failed";
							not_found: "not_found";
							not_joined: "not_joined";
							origin_not_allowed: "origin_not_allowed";
							rate_limited: "rate_limited";
							room_full: "room_full";
							session_gone: "session_gone";
							stale_endpoint: "stale_endpoint";
							too_large: "too_large";
							too_many_tracks: "too_many_tracks";
							unauthorized: "unauthorized";
							unknown_type: "unknown_type";
							unsupported: "unsupported";
							upgrade_required: "upgrade_required";
						}>;
						message: z.ZodString;
					},
					z.core.$strip
				>;
			},
			z.core.$strip
		>,
	]
>;
export type ServerFrame = z.infer<typeof ServerFrame>;
