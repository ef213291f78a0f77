/** A certificate made for a test, which a browser is told to trust. */
import { execFileSync } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
	/** PEM files. */
	cert: string;
	key: string;
	/** With it Chromium trusts this one beside those of the system. */
	chromiumArg: string;
	remove(): void;
}

/** For an address. */
export function makeCertificate(address: string): Certificate {
	const folder = mkdtempSync(join(tmpdir(), "switchyard-certificate-"));
	const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
	const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
	const name = ["-subj", "/CN=switchyard test", "-addext", `subjectAltName=IP:${address}`];
	execFileSync("openssl", ["req", ...kind, ...name, "-keyout", key, "-out", cert], { stdio: "ignore" });
	const { publicKey } = new X509Certificate(readFileSync(cert));
	const hash = createHash("sha256").update(publicKey.export({ type: "spki", format: "der" }));
	return {
		cert,
		key,
		chromiumArg: `--ignore-certificate-errors-spki-list=${hash.digest("base64")}`,
		remove: () => rmSync(folder, { recursive: true }),
	};
}
