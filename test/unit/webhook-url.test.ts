import { describe, expect, it } from "vitest";
import { refusalOf } from "../../worker/events/webhook-url.ts";

describe("a webhook may go", () => {
	it.each([
		"https://example.com/hook",
		"https://hooks.example.com:8443/a?b=c",
		"https://1.1.1.1/",
		"https://[2606:4700:4700::1111]/",
		"https://xn--bcher-kva.example/",
	])("to %s", (url) => expect(refusalOf(url, false)).toBeUndefined());
});

describe("a webhook may not go", () => {
	it.each([
		"http://example.com/",
		"ftp://example.com/",
		"https://",
		"nonsense",
		"https://user@example.com/",
		"https://:password@example.com/",
		// This machine.
		"https://localhost/",
		"https://LOCALHOST./",
		"https://a.localhost/",
		"https://127.0.0.1/",
		"https://127.1/",
		"https://0177.0.0.1/",
		"https://0x7f000001/",
		"https://2130706433/",
		"https://①②⑦.0.0.1/",
		"https://0.0.0.0/",
		"https://0/",
		"https://[::1]/",
		"https://[::]/",
		"https://[::ffff:127.0.0.1]/",
		"https://[::127.0.0.1]/",
		"https://[0:0:0:0:0:ffff:7f00:1]/",
		// Its network, and what clouds have there.
		"https://10.0.0.1/",
		"https://172.16.0.1/",
		"https://172.31.255.255/",
		"https://192.168.1.1/",
		"https://100.64.0.1/",
		"https://169.254.169.254/latest/meta-data",
		"https://[fd00:ec2::254]/",
		"https://[fc00::1]/",
		"https://[fe80::1]/",
		"https://[fec0::1]/",
		"https://metadata/",
		"https://metadata.google.internal/",
		"https://router.lan/",
		"https://printer.local/",
		"https://nas.home.arpa/",
		// Nobody's, everybody's, and ways through.
		"https://192.0.2.1/",
		"https://198.18.0.1/",
		"https://224.0.0.1/",
		"https://240.0.0.1/",
		"https://255.255.255.255/",
		"https://[ff02::1]/",
		"https://[2001:db8::1]/",
		"https://[64:ff9b::10.0.0.1]/",
		"https://[64:ff9b:1::1]/",
		"https://[2002:7f00:1::]/",
		"https://[2001::1]/",
	])("to %s", (url) => expect(refusalOf(url, false)).toEqual(expect.any(String)));
});

it("in development a webhook may go to this machine without TLS, and still not with a password", () => {
	expect(refusalOf("http://127.0.0.1:3000/", true)).toBeUndefined();
	expect(refusalOf("http://localhost/", true)).toBeUndefined();
	expect(refusalOf("http://a:b@localhost/", true)).toEqual(expect.any(String));
	expect(refusalOf("file:///etc/passwd", true)).toEqual(expect.any(String));
});
