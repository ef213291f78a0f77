/** /test/ice/: which ways there are between this browser and the media nodes. */
import { button, h } from "../../demo/dom.ts";
import type { PlayerEvent } from "../player/events.ts";
import type { DuckSoup as DuckSoupType, Player } from "../player/index.ts";
import { candidatesIn } from "../player/sdp.ts";
import { frame, randomName, socketUrlOf } from "./frame.ts";
import { Journal } from "./journal.ts";
import { type Scene, type Status, statusAfter } from "./words.ts";

declare const DuckSoup: typeof DuckSoupType;

const LOOK_MS = 3_000;

const status = h("div", { class: "status card", role: "status", aria: { live: "polite" } });
const run = button({ class: "primary" }, () => void look(), "Look again");
const servers = h("ul", { class: "plain-list" });
const local = h("tbody", {});
const remote = h("tbody", {});
const journal = new Journal();
frame("ICE", "Looks for three seconds at how this browser can reach the media: over which addresses and protocols.", [
	h("div", { class: "card now" }, status, run),
	h("section", { class: "card" }, h("h2", {}, "ICE servers"), servers),
	h("div", { class: "pair" }, table("This browser", local), table("The server", remote)),
	journal.element,
]);
void look();

function table(title: string, body: HTMLElement): HTMLElement {
	const heads = ["Type", "Protocol", "Address", "Port"].map((text) => h("th", {}, text));
	const whole = h("table", {}, h("thead", {}, h("tr", {}, ...heads)), body);
	return h("section", { class: "card" }, h("h2", {}, title), h("div", { class: "scroll" }, whole));
}

function say({ tone, title, hint }: Status): void {
	status.dataset.tone = tone;
	status.replaceChildren(h("strong", {}, title), h("p", {}, hint));
}

async function look(): Promise<void> {
	run.disabled = true;
	for (const body of [servers, local, remote]) body.replaceChildren();
	journal.begin();
	say({
		tone: "busy",
		title: "Looking …",
		hint: "Allow the microphone if the browser asks: it shows more addresses then.",
	});
	const user = randomName("user");
	const interactionName = randomName("ice");
	const options = { signalingUrl: socketUrlOf(), interactionName, userId: user, namespace: "test_ice" };
	const scene: Scene = {
		...{ interaction: interactionName, user, size: 1, audioOnly: true, others: 0 },
		...{ started: false, failed: false, ended: false, origin: location.origin },
	};
	let player: Player | undefined;
	let told = false;
	const callback = (event: PlayerEvent) => {
		journal.add(event.kind);
		if (event.kind.startsWith("error")) {
			told = true;
			const failed = statusAfter(event, scene);
			if (failed) say(failed);
		}
		if (event.kind === "joined") {
			const lines = event.payload.iceServers.flatMap(({ urls }) => urls).map((url) => h("li", {}, h("code", {}, url)));
			const none = h("li", { class: "hint" }, "None: the media nodes are reached directly.");
			servers.replaceChildren(...(lines.length > 0 ? lines : [none]));
		}
		if (event.kind === "local-stream" && player?.connection) {
			watch(player.connection);
			setTimeout(() => void end(), LOOK_MS);
		}
		if (event.kind === "closed") {
			run.disabled = false;
			if (!told)
				say({ tone: "bad", title: "Nothing was offered", hint: "The connection closed first. Press Look again." });
		}
	};
	const end = async () => {
		const connection = player?.connection;
		if (connection && !told) {
			told = true;
			say(await verdict(connection));
		}
		player?.stop();
	};
	player = await DuckSoup.render(
		{ callback },
		{ ...options, duration: 30, size: 1, audioOnly: true, recordingMode: "none", logLevel: 2 },
	);
}

function watch(connection: RTCPeerConnection): void {
	connection.addEventListener("icecandidate", ({ candidate }) => {
		if (candidate?.candidate) add(local, candidate);
	});
	const seen = new Set<string>();
	const more = () => {
		for (const line of candidatesIn(connection.remoteDescription?.sdp ?? "")) {
			if (seen.has(line)) continue;
			seen.add(line);
			add(remote, new RTCIceCandidate({ candidate: line, sdpMLineIndex: 0 }));
		}
	};
	for (const event of ["signalingstatechange", "iceconnectionstatechange"]) connection.addEventListener(event, more);
	connection.addEventListener("iceconnectionstatechange", () => journal.add("ICE", connection.iceConnectionState));
}

const TYPES: Record<string, string> = { host: "host", srflx: "through NAT", prflx: "through NAT", relay: "relay" };

function add(body: HTMLElement, { type, protocol, address, port }: RTCIceCandidate): void {
	const cells = [TYPES[type ?? ""] ?? type ?? "?", protocol ?? "", address ?? "", String(port ?? "")];
	body.append(h("tr", {}, ...cells.map((text) => h("td", {}, text))));
}

async function verdict(connection: RTCPeerConnection): Promise<Status> {
	const reports = [...(await connection.getStats()).values()];
	const transport = reports.find(({ type }) => type === "transport");
	const pair = reports.find(({ id }) => id === transport?.selectedCandidatePairId);
	const way = reports.find(({ id }) => id === pair?.localCandidateId);
	if (!pair || !way) {
		const hint = "No pair of addresses answered. Open UDP to the media nodes in the firewall, or set up a TURN server.";
		return { tone: "bad", title: "The media cannot be reached", hint };
	}
	const delay =
		pair.currentRoundTripTime === undefined
			? ""
			: `, ${Math.round(pair.currentRoundTripTime * 1_000)} ms there and back`;
	const by = `${way.relayProtocol ?? way.protocol}`.toUpperCase();
	if (way.candidateType === "relay") {
		const hint = `Media goes through the TURN server over ${by}${delay}. It works; opening UDP to the nodes would be faster.`;
		return { tone: "warn", title: "Reached through a relay", hint };
	}
	return { tone: "good", title: "Reached directly", hint: `Media goes over ${by}${delay}. There is nothing to do.` };
}
