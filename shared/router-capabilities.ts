// Written by scripts/router-capabilities.ts; do not edit.
import type { RtpCapabilities } from "./media.ts";

/** Names this set of capabilities: a node with another is refused by its fleet. */
export const ROUTER_CAPABILITIES_ID = "c0628e00678ced4a";

/** What every router of a fleet can receive and send. */
export const ROUTER_CAPABILITIES: RtpCapabilities = {
	"codecs": [
		{
			"kind": "audio",
			"mimeType": "audio/opus",
			"clockRate": 48000,
			"channels": 2,
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"parameters": {
				"useinbandfec": 1,
				"minptime": 10
			},
			"preferredPayloadType": 111
		},
		{
			"kind": "audio",
			"mimeType": "audio/PCMU",
			"preferredPayloadType": 0,
			"clockRate": 8000,
			"rtcpFeedback": [
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"channels": 1,
			"parameters": {}
		},
		{
			"kind": "audio",
			"mimeType": "audio/PCMA",
			"preferredPayloadType": 8,
			"clockRate": 8000,
			"rtcpFeedback": [
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"channels": 1,
			"parameters": {}
		},
		{
			"kind": "video",
			"mimeType": "video/VP8",
			"clockRate": 90000,
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"parameters": {},
			"preferredPayloadType": 96
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 100,
			"clockRate": 90000,
			"parameters": {
				"apt": 96
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/VP9",
			"clockRate": 90000,
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"parameters": {
				"profile-id": 0
			},
			"preferredPayloadType": 98
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 101,
			"clockRate": 90000,
			"parameters": {
				"apt": 98
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/H264",
			"clockRate": 90000,
			"parameters": {
				"level-asymmetry-allowed": 1,
				"packetization-mode": 1,
				"profile-level-id": "42e01f"
			},
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"preferredPayloadType": 108
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 102,
			"clockRate": 90000,
			"parameters": {
				"apt": 108
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/AV1",
			"clockRate": 90000,
			"parameters": {},
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"preferredPayloadType": 45
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 103,
			"clockRate": 90000,
			"parameters": {
				"apt": 45
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/VP9",
			"clockRate": 90000,
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"parameters": {
				"profile-id": 2
			},
			"preferredPayloadType": 104
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 105,
			"clockRate": 90000,
			"parameters": {
				"apt": 104
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/H264",
			"clockRate": 90000,
			"parameters": {
				"level-asymmetry-allowed": 1,
				"packetization-mode": 1,
				"profile-level-id": "640028"
			},
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"preferredPayloadType": 106
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 107,
			"clockRate": 90000,
			"parameters": {
				"apt": 106
			},
			"rtcpFeedback": []
		},
		{
			"kind": "video",
			"mimeType": "video/H264",
			"clockRate": 90000,
			"parameters": {
				"level-asymmetry-allowed": 1,
				"packetization-mode": 1,
				"profile-level-id": "640c0d"
			},
			"rtcpFeedback": [
				{
					"type": "nack",
					"parameter": ""
				},
				{
					"type": "nack",
					"parameter": "pli"
				},
				{
					"type": "ccm",
					"parameter": "fir"
				},
				{
					"type": "goog-remb",
					"parameter": ""
				},
				{
					"type": "transport-cc",
					"parameter": ""
				}
			],
			"preferredPayloadType": 109
		},
		{
			"kind": "video",
			"mimeType": "video/rtx",
			"preferredPayloadType": 110,
			"clockRate": 90000,
			"parameters": {
				"apt": 109
			},
			"rtcpFeedback": []
		}
	],
	"headerExtensions": [
		{
			"kind": "audio",
			"uri": "urn:ietf:params:rtp-hdrext:sdes:mid",
			"preferredId": 1,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "urn:ietf:params:rtp-hdrext:sdes:mid",
			"preferredId": 1,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
			"preferredId": 2,
			"preferredEncrypt": false,
			"direction": "recvonly"
		},
		{
			"kind": "video",
			"uri": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
			"preferredId": 3,
			"preferredEncrypt": false,
			"direction": "recvonly"
		},
		{
			"kind": "audio",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
			"preferredId": 4,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
			"preferredId": 4,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "audio",
			"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
			"preferredId": 5,
			"preferredEncrypt": false,
			"direction": "recvonly"
		},
		{
			"kind": "video",
			"uri": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
			"preferredId": 5,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "audio",
			"uri": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
			"preferredId": 6,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
			"preferredId": 7,
			"preferredEncrypt": false,
			"direction": "recvonly"
		},
		{
			"kind": "video",
			"uri": "urn:3gpp:video-orientation",
			"preferredId": 8,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "urn:ietf:params:rtp-hdrext:toffset",
			"preferredId": 9,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "audio",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
			"preferredId": 10,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
			"preferredId": 10,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "audio",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
			"preferredId": 11,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
			"preferredId": 11,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "audio",
			"uri": "urn:mediasoup:params:rtp-hdrext:packet-id",
			"preferredId": 12,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		},
		{
			"kind": "video",
			"uri": "urn:mediasoup:params:rtp-hdrext:packet-id",
			"preferredId": 12,
			"preferredEncrypt": false,
			"direction": "sendrecv"
		}
	]
};
