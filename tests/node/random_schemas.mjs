// Random JSON schemas of all that src/grammar supports, and random values of them. A schema knows how
// a value of it is made by what it says, as ajv would: nothing here looks at our grammars.

// mulberry32: small, and the same everywhere.
export function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    below: (n) => Math.floor(next() * n),
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

// As JSON.stringify or as Python's json.dumps puts its spaces.
export function serialize(value, random) {
  const space = random.chance(0.5) ? " " : "";
  const write = (item) => {
    if (Array.isArray(item)) return `[${item.map(write).join("," + space)}]`;
    if (item === null || typeof item !== "object") return JSON.stringify(item);
    const members = Object.entries(item).map(([name, member]) => `${JSON.stringify(name)}:${space}${write(member)}`);
    return `{${members.join("," + space)}}`;
  };
  return write(value);
}

const LETTERS = ["a", "b", "Z", "0", " ", "é", "水", "🙂", '"', "\\", "\n", "\t", "/", "\u0001", "-"];
const NAMES = ["a", "ab", "abc", "name", "水", 'quo"te', "b\\c", "", "x y", "é"];
const PATTERNS = [
  ["^[a-z]{2,5}$", ["ab", "xyzzy"]],
  ["\\d+-\\d+", ["1-2", "x12-3y", 'say "4-5"']],
  ["^(foo|bar)?$", ["foo", "bar", ""]],
  ["^\\S+\\s\\S+$", ["a b", "水\tx"]],
  ["^.{1,3}$", ["🙂", "a\"b", "\\"]],
  ["x", ["x", "axb", "\nx"]],
  ["^[^a-c]*z", ["z", "水zab"]],
];
const FORMATS = {
  date: ["2026-11-26", "1999-02-28"],
  "date-time": ["2026-11-26T03:00:00Z", "2026-01-31T23:59:59.5+08:00"],
  time: ["12:34:56Z", "00:00:00.123-05:30"],
  email: ["a.b@example.com", "x+y@mail-1.example.org"],
  hostname: ["example.com", "a-b.c"],
  ipv4: ["127.0.0.1", "255.250.9.10"],
  ipv6: ["2001:db8:0:0:0:0:0:1"],
  uri: ["https://example.com/a/b?c=1#d", "http://a.b:80"],
  uuid: ["123e4567-e89b-12d3-a456-426614174000"],
  duration: ["P1Y2M3D", "PT5M", "P2W", "P1DT12H"],
};
// Of patternProperties: whole numbers from 3 on, numbers up to 50, and names that match both.
const NAME_PATTERNS = { "^x-": { type: "integer", minimum: 3 }, "\\d$": { type: "number", maximum: 50 } };
const MATCHING_NAMES = { "x-": [3, 999], "x-水": [3, 999], "x-1": [3, 50], b2: [-99, 50], 水9: [-99, 50] };
const STEPS = [2, 7, 250, 0.5, 0.25, 0.01, 1.5];
const CONSTANTS = ["a", 'q"\\', "水", 0, -3, 1.5, true, false, null, [1, "x"], { k: [null] }, {}];

export class RandomSchemas {
  constructor(random) {
    this.random = random;
  }

  schema() {
    this.defs = {};
    const schema = this.any(3);
    if (Object.keys(this.defs).length > 0) schema.$defs = this.defs;
    this.root = schema;
    return schema;
  }

  any(depth) {
    const { random } = this;
    const flat = [() => this.string(), () => this.string(), () => this.number(), () => this.number(),
      () => ({ type: random.pick(["boolean", "null"]) }), () => this.constants(), () => this.types()];
    const deep = [() => this.object(depth - 1), () => this.object(depth - 1), () => this.array(depth - 1),
      () => ({ anyOf: [this.any(depth - 1), this.any(depth - 1)] }), () => this.oneOf(depth - 1),
      () => this.allOf(), () => this.reference(depth - 1), () => ({})];
    const made = random.pick(depth > 0 ? [...deep, ...flat, ...deep] : flat)();
    if (random.chance(0.1)) made.description = "words";
    if (random.chance(0.1)) made["x-order"] = 1;
    return made;
  }

  string() {
    const { random } = this;
    const schema = { type: "string" };
    const kind = random.below(6);
    if (kind < 2) {
      if (kind === 0) schema.pattern = random.pick(PATTERNS)[0];
      else schema.format = random.pick(Object.keys(FORMATS));
      const length = [...this.stringOf(schema)].length;
      if (random.chance(0.3)) schema.minLength = Math.max(0, length - random.below(3));
      if (random.chance(0.3)) schema.maxLength = length + random.below(12);
    } else {
      if (random.chance(0.4)) schema.minLength = random.below(4);
      if (random.chance(0.4)) schema.maxLength = (schema.minLength ?? 0) + random.below(9);
    }
    return schema;
  }

  number() {
    const { random } = this;
    const type = random.pick(["integer", "number"]);
    const schema = { type };
    const bound = () => {
      const size = random.pick([3, 150, 100000]);
      const whole = random.below(2 * size) - size;
      return type === "number" && random.chance(0.5) ? whole + random.below(100) / 100 : whole;
    };
    if (random.chance(0.5)) schema[random.pick(["minimum", "exclusiveMinimum"])] = bound();
    const low = schema.minimum ?? schema.exclusiveMinimum ?? -1000;
    if (random.chance(0.5)) {
      schema[random.pick(["maximum", "exclusiveMaximum"])] = Math.floor(low) + 2 + random.below(random.pick([2, 2000]));
    }
    if (random.chance(0.3)) {
      schema.multipleOf = random.pick(STEPS);
      for (const key of ["maximum", "exclusiveMaximum"]) if (key in schema) schema[key] += 3 * schema.multipleOf;
    }
    return schema;
  }

  types() {
    const types = ["string", "integer", "number", "boolean", "null"].filter(() => this.random.chance(0.5));
    return { type: types.length > 0 ? types : ["null"] };
  }

  constants() {
    const { random } = this;
    if (random.chance(0.3)) return { const: random.pick(CONSTANTS) };
    const values = CONSTANTS.filter(() => random.chance(0.4));
    return { enum: values.length > 0 ? values : [1] };
  }

  object(depth) {
    const { random } = this;
    const schema = { type: "object" };
    const names = NAMES.filter(() => random.chance(0.3));
    if (names.length > 0 || random.chance(0.5)) {
      schema.properties = Object.fromEntries(names.map((name) => [name, this.any(depth)]));
      schema.required = names.filter(() => random.chance(0.5));
    }
    if (random.chance(0.3)) {
      schema.patternProperties = Object.fromEntries(Object.entries(NAME_PATTERNS).filter(() => random.chance(0.7)));
      if (schema.properties && random.chance(0.5)) schema.properties["x-name1"] = { type: "integer" };
    }
    const additional = random.below(4);
    if (additional === 0) schema.additionalProperties = false;
    if (additional === 1) schema.additionalProperties = true;
    if (additional === 2) schema.additionalProperties = this.any(0);
    return schema;
  }

  uniqueArray() {
    const { random } = this;
    const values = CONSTANTS.filter(() => random.chance(0.4)).slice(0, 7);
    const items = values.length > 0 ? { enum: values } : { type: ["boolean", "null"] };
    const schema = { type: "array", items, uniqueItems: true };
    if (random.chance(0.5)) schema.minItems = random.below(values.length || 4);
    if (random.chance(0.5)) schema.maxItems = (schema.minItems ?? 0) + random.below(4);
    return schema;
  }

  array(depth) {
    const { random } = this;
    if (random.chance(0.25)) return this.uniqueArray();
    const schema = { type: "array" };
    if (random.chance(0.3)) schema.prefixItems = [this.any(depth), this.any(0)];
    if (random.chance(0.8)) schema.items = schema.prefixItems && random.chance(0.4) ? false : this.any(depth);
    const most = schema.items === false ? 2 : 8;
    if (random.chance(0.4)) schema.minItems = random.below(3);
    if (random.chance(0.5)) schema.maxItems = Math.min(most, (schema.minItems ?? 0) + random.below(4));
    return schema;
  }

  oneOf(depth) {
    const { random } = this;
    if (random.chance(0.5)) return { oneOf: [this.string(), this.number(), this.array(depth)] };
    const branch = (kind) => {
      const schema = this.object(depth);
      schema.properties = { kind: { const: kind }, ...schema.properties };
      schema.required = ["kind", ...(schema.required ?? [])];
      return schema;
    };
    return { oneOf: [branch("first"), branch("second"), { type: "null" }] };
  }

  allOf() {
    const { random } = this;
    const low = random.below(50);
    return random.pick([
      { allOf: [{ type: "integer", minimum: low }, { type: "number", maximum: low + 9 }, { minimum: low - 3 }] },
      { type: "object", properties: { p: this.any(0) }, required: ["p"],
        allOf: [{ properties: { q: this.any(0) } }, { required: ["q"] }] },
      { type: "string", allOf: [{ minLength: 1 }, { minLength: 2, maxLength: 9 }] },
    ]);
  }

  // A list, or a tree, of nodes.
  reference(depth) {
    const name = `node${Object.keys(this.defs).length}`;
    this.defs[name] = {};
    const self = { $ref: `#/$defs/${name}` };
    const next = this.random.pick([{ anyOf: [{ type: "null" }, self] }, { type: "array", items: self, maxItems: 2 }]);
    this.defs[name] = { type: "object", properties: { value: this.any(depth), next }, required: ["value", "next"],
      additionalProperties: false };
    return { ...self };
  }

  text(min, max) {
    let text = "";
    for (let n = min + this.random.below(max - min + 1); n > 0; n -= 1) text += this.random.pick(LETTERS);
    return text;
  }

  // A value, of few levels if that is possible.
  instance(schema, depth = 0) {
    const { random } = this;
    if (schema === true) return random.pick(CONSTANTS);
    if (schema.$ref) return this.instance(this.root.$defs[schema.$ref.slice("#/$defs/".length)], depth + 1);
    if (schema.allOf) return this.instance(this.merged(schema), depth);
    const branches = schema.anyOf ?? schema.oneOf;
    if (branches) return this.instance(depth > 3 ? branches[0] : random.pick(branches), depth + 1);
    if (schema.enum) return random.pick(schema.enum);
    if ("const" in schema) return schema.const;
    const type = Array.isArray(schema.type) ? random.pick(schema.type) : schema.type;
    if (type === undefined) return random.pick(CONSTANTS);
    if (type === "string") return this.stringOf(schema);
    if (type === "integer" || type === "number") return this.numberOf(schema, type);
    if (type === "boolean") return random.chance(0.5);
    if (type === "array") return this.arrayOf(schema, depth);
    if (type === "object") return this.objectOf(schema, depth);
    return null;
  }

  // Of the three forms that allOf() makes.
  merged(schema) {
    const parts = [schema, ...schema.allOf];
    const all = Object.assign({}, ...parts);
    delete all.allOf;
    if (parts.some((part) => part.type === "integer")) all.type = "integer";
    for (const key of ["minimum", "minLength"]) {
      const values = parts.map((part) => part[key]).filter((value) => value !== undefined);
      if (values.length > 0) all[key] = Math.max(...values);
    }
    if (parts.some((part) => part.properties)) {
      all.properties = Object.assign({}, ...parts.map((part) => part.properties));
      all.required = parts.flatMap((part) => part.required ?? []);
    }
    return all;
  }

  stringOf(schema) {
    const examples = PATTERNS.find(([pattern]) => pattern === schema.pattern)?.[1] ?? FORMATS[schema.format];
    const min = schema.minLength ?? 0;
    if (examples !== undefined) {
      const max = schema.maxLength ?? Infinity;
      return this.random.pick(examples.filter((text) => [...text].length >= min && [...text].length <= max));
    }
    return this.text(min, schema.maxLength ?? min + 10);
  }

  numberOf(schema, type) {
    const low = schema.minimum ?? schema.exclusiveMinimum;
    const high = schema.maximum ?? schema.exclusiveMaximum;
    const fits = (x) => !(x < schema.minimum || x <= schema.exclusiveMinimum || x > schema.maximum ||
      x >= schema.exclusiveMaximum);
    for (;;) {
      const from = low ?? (high ?? 1000) - 2000;
      const to = high ?? from + 2000;
      let x = from + (to - from) * this.random.below(1001) / 1000;
      if (schema.multipleOf !== undefined) {
        const first = Math.ceil(from / schema.multipleOf);
        const count = Math.floor(to / schema.multipleOf) - first + 1;
        x = Number(((first + this.random.below(count)) * schema.multipleOf).toFixed(2));
        if (type === "integer" && !Number.isInteger(x)) continue;
        if (fits(x)) return x === 0 ? 0 : x;
        continue;
      }
      x = type === "integer" ? Math.round(x) : Number(x.toFixed(this.random.below(4)));
      if (fits(x)) return x === 0 ? 0 : x;
    }
  }

  arrayOf(schema, depth) {
    const prefix = schema.prefixItems ?? [];
    const least = schema.minItems ?? 0;
    if (schema.uniqueItems) return this.differentItems(schema, least);
    let most = schema.maxItems ?? least + (depth > 3 ? 0 : 3);
    if (schema.items === false) most = Math.min(most, prefix.length);
    const count = depth > 3 ? least : least + this.random.below(most - least + 1);
    return Array.from({ length: count }, (_, i) =>
      this.instance(i < prefix.length ? prefix[i] : schema.items ?? true, depth + 1));
  }

  differentItems({ items, maxItems }, least) {
    const all = [...(items.enum ?? [true, false, null])].sort(() => this.random.below(3) - 1);
    const most = Math.min(maxItems ?? all.length, all.length);
    return all.slice(0, least + this.random.below(most - least + 1));
  }

  // In the order of the schema, and no more than it names unless it says so.
  objectOf(schema, depth) {
    const { random } = this;
    const value = {};
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      const isRequired = schema.required?.includes(name) ?? false;
      if (isRequired || (depth < 3 && random.chance(0.6))) value[name] = this.instance(property, depth + 1);
    }
    if ("x-name1" in value) value["x-name1"] = 3 + random.below(48);  // what both patterns say
    const patterns = Object.keys(schema.patternProperties ?? {});
    for (const [name, [low, high]] of Object.entries(MATCHING_NAMES)) {
      const isSpokenOf = patterns.some((pattern) => new RegExp(pattern, "u").test(name));
      if (isSpokenOf && depth < 3 && random.chance(0.3)) value[name] = low + random.below(high - low + 1);
    }
    const more = schema.additionalProperties ??
      (schema.properties === undefined && schema.patternProperties === undefined);
    if (more === false || depth > 3) return value;
    for (const name of ["other", "ac", "水水"]) {
      if (!(name in (schema.properties ?? {})) && random.chance(0.3)) value[name] = this.instance(more, depth + 1);
    }
    return value;
  }

  // The value with one place changed, which is mostly not allowed there.
  broken(value) {
    const { random } = this;
    if (Array.isArray(value) && value.length > 0 && random.chance(0.7)) {
      const copy = [...value];
      const i = random.below(copy.length);
      if (random.chance(0.3)) return [...copy, copy[i]];
      copy[i] = this.broken(copy[i]);
      return copy;
    }
    if (value !== null && typeof value === "object" && !Array.isArray(value) && random.chance(0.8)) {
      const names = Object.keys(value);
      const copy = { ...value };
      const name = names.length > 0 ? random.pick(names) : "new";
      if (names.length === 0 || random.chance(0.3)) copy.unexpected = [true];
      else if (random.chance(0.4)) delete copy[name];
      else copy[name] = this.broken(copy[name]);
      return copy;
    }
    if (typeof value === "number" && random.chance(0.7)) return value + random.pick([-5000, 0.125, 123456]);
    if (typeof value === "string" && random.chance(0.7)) return value + this.text(1, 12);
    return random.pick([null, 12345.5, "@@", [], { unexpected: 1 }, true]);
  }
}
