/** Properties of running elements, set and read by the type and range that the element declares. */
import { type Library, type Pointer, read } from "./library.ts";
import type { Scalar } from "./messages.ts";

/** Fundamental types of GObject (gtype.h); the ABI fixes them. */
const TYPE = { boolean: 20, int: 24, uint: 28, int64: 40, uint64: 44, enum: 48, float: 56, double: 60, string: 64 };
/** Of a GParamSpec: its flags, its type, and behind the common part of 72 bytes what its own type adds. */
const FLAGS = 16;
const VALUE_TYPE = 24;
const RANGE = 72;
const FLAG = { readable: 1, writable: 2, constructOnly: 8, mutableReady: 1 << 10 };
const VALUE_BYTES = 24;

/** Range of a type's values: how koffi reads a bound, and how far the upper is from the lower. */
const BOUNDS: Record<number, { type: string; bytes: number }> = {
	[TYPE.int]: { type: "int32", bytes: 4 },
	[TYPE.uint]: { type: "uint32", bytes: 4 },
	[TYPE.int64]: { type: "int64", bytes: 8 },
	[TYPE.uint64]: { type: "uint64", bytes: 8 },
	[TYPE.float]: { type: "float", bytes: 4 },
	[TYPE.double]: { type: "double", bytes: 8 },
};

export class PropertyError extends Error {}

interface Property {
	object: Pointer;
	name: string;
	specification: Pointer;
	type: number | bigint;
	fundamental: number;
	flags: number;
}

export class Properties {
	readonly #library: Library;
	readonly #pipeline: Pointer;
	/** Held for as long as the process lives. */
	readonly #elements = new Map<string, Pointer>();

	constructor(library: Library, pipeline: Pointer) {
		this.#library = library;
		this.#pipeline = pipeline;
	}

	element(name: string): Pointer | undefined {
		let element = this.#elements.get(name);
		if (element === undefined) {
			element = this.#library.byName(this.#pipeline, name) ?? undefined;
			if (element !== undefined) this.#elements.set(name, element);
		}
		return element;
	}

	/** Throws a PropertyError for what cannot be set to that. `idle`: nothing plays yet, when some can be that later cannot. */
	set(element: string, name: string, to: Scalar, idle = false): void {
		const property = this.#find(element, name);
		const { flags, type, specification, object } = property;
		if (!(flags & FLAG.writable) || flags & (idle ? FLAG.constructOnly : FLAG.constructOnly | FLAG.mutableReady)) {
			throw new PropertyError("it cannot be set");
		}
		const value = new Uint8Array(VALUE_BYTES);
		this.#library.initValue(value, type);
		try {
			this.#fill(property, value, to);
			this.#library.validate(specification, value);
			this.#library.setProperty(object, name, value);
		} finally {
			this.#library.unsetValue(value);
		}
	}

	/** Undefined: nothing there that is a plain value. */
	get(element: string, name: string): Scalar | undefined {
		let property: Property;
		try {
			property = this.#find(element, name);
		} catch {
			return undefined;
		}
		const { object, type, fundamental, flags } = property;
		if (!(flags & FLAG.readable)) return undefined;
		const value = new Uint8Array(VALUE_BYTES);
		this.#library.initValue(value, type);
		try {
			this.#library.getProperty(object, name, value);
			// Behind the type is the value itself.
			const data = new DataView(value.buffer, 8);
			switch (fundamental) {
				case TYPE.boolean:
					return data.getInt32(0, true) !== 0;
				case TYPE.int:
				case TYPE.enum:
					return data.getInt32(0, true);
				case TYPE.uint:
					return data.getUint32(0, true);
				case TYPE.int64:
					return Number(data.getBigInt64(0, true));
				case TYPE.uint64:
					return Number(data.getBigUint64(0, true));
				case TYPE.float:
					return data.getFloat32(0, true);
				case TYPE.double:
					return data.getFloat64(0, true);
				case TYPE.string:
					return this.#library.getString(value) ?? "";
				default:
					return undefined;
			}
		} finally {
			this.#library.unsetValue(value);
		}
	}

	/** Hands an object that one element has to another. */
	copy(from: string, property: string, to: string, as: string): void {
		const source = this.#find(from, property);
		const target = this.#find(to, as);
		const value = new Uint8Array(VALUE_BYTES);
		this.#library.initValue(value, source.type);
		this.#library.getProperty(source.object, property, value);
		this.#library.setProperty(target.object, as, value);
		this.#library.unsetValue(value);
	}

	#find(element: string, name: string): Property {
		const object = this.element(element);
		if (object === undefined) throw new PropertyError("no such element");
		const specification = this.#library.findProperty(read(object, 0, "uint64") as Pointer, name);
		if (specification === null) throw new PropertyError("no such property");
		const type = read(specification, VALUE_TYPE, "uint64") as number | bigint;
		const flags = Number(read(specification, FLAGS, "uint32"));
		return { object, name, specification, type, flags, fundamental: Number(this.#library.fundamental(type)) };
	}

	#fill({ specification, fundamental }: Property, value: Uint8Array, to: Scalar): void {
		const library = this.#library;
		switch (fundamental) {
			case TYPE.boolean:
				return library.setBoolean(value, booleanOf(to) ? 1 : 0);
			case TYPE.enum:
				// By number or by its short name.
				if (typeof to === "string" && library.deserialize(value, to)) return;
				return library.setEnum(value, Math.trunc(numberOf(to)));
			case TYPE.string:
				return library.setString(value, String(to));
		}
		const bounds = BOUNDS[fundamental];
		if (!bounds) throw new PropertyError("not a plain value");
		const lowest = read(specification, RANGE, bounds.type) as number | bigint;
		const highest = read(specification, RANGE + bounds.bytes, bounds.type) as number | bigint;
		const clamped = Math.min(Number(highest), Math.max(Number(lowest), numberOf(to)));
		const whole = Math.round(clamped);
		// A range of 64 bits ends at what a number rounds up.
		const exact = () => (whole >= Number(highest) ? BigInt(highest) : BigInt(whole));
		switch (fundamental) {
			case TYPE.int:
				return library.setInt(value, whole);
			case TYPE.uint:
				return library.setUint(value, whole);
			case TYPE.int64:
				return library.setInt64(value, exact());
			case TYPE.uint64:
				return library.setUint64(value, exact());
			case TYPE.float:
				return library.setFloat(value, clamped);
			default:
				return library.setDouble(value, clamped);
		}
	}
}

function numberOf(value: Scalar): number {
	const number = typeof value === "string" && value.trim() === "" ? Number.NaN : Number(value);
	if (Number.isNaN(number)) throw new PropertyError("not a number");
	return number;
}

function booleanOf(value: Scalar): boolean {
	if (typeof value !== "string") return Boolean(value);
	if (/^(true|yes|1)$/i.test(value)) return true;
	if (/^(false|no|0)$/i.test(value)) return false;
	throw new PropertyError("not true or false");
}
