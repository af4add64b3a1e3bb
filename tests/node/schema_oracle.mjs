// JSON schemas against ajv, on random schemas: what is generated under a schema must be valid; what
// is valid, made without looking at our grammar, must be accepted; and what ajv refuses must be
// refused.
//   schema_oracle.mjs <format_lines> <tokenizer.json> [<schemas> [<seed>]]
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { RandomSchemas, randomFrom, serialize } from "./random_schemas.mjs";

const [program, tokenizer, countText = "400", seedText = "20261126"] = process.argv.slice(2);
const WALKS = 3;
const INSTANCES = 6;

const child = spawn(program, [tokenizer], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
async function ask(request) {
  child.stdin.write(JSON.stringify(request) + "\n");
  const { value, done } = await answers.next();
  if (done) throw new Error(`${program} has ended`);
  return JSON.parse(value);
}

const random = randomFrom(Number(seedText));
const schemas = new RandomSchemas(random);
const counts = { schemas: 0, walks: 0, cut: 0, instances: 0, refused: 0 };
let failures = 0;
function fail(what, schema, detail) {
  failures += 1;
  console.error(`${what}\n  schema ${JSON.stringify(schema)}\n  ${JSON.stringify(detail)}`);
}

function judge(schema) {
  // Doubles are divided: 0.07 / 0.01 is no integer, and of 12 digits the last may be one off.
  const ajv = new Ajv2020({ strict: false, multipleOfPrecision: 2 });
  addFormats(ajv);
  return ajv.compile(schema);
}

async function checkWalks(schema, text, isValid) {
  for (let walk = 0; walk < WALKS; walk += 1) {
    const answer = await ask({ kind: "json_schema", text, seed: counts.walks });
    counts.walks += 1;
    if (answer.error !== undefined) {
      fail("a schema was refused", schema, answer);
      return false;
    }
    if (!answer.complete) {
      counts.cut += 1;
      continue;
    }
    let value;
    try {
      value = JSON.parse(answer.text);
    } catch (error) {
      fail(`no JSON was generated: ${error.message}`, schema, answer.text);
      continue;
    }
    if (!isValid(value)) fail("an invalid value was generated", schema, [answer.text, isValid.errors]);
  }
  return true;
}

async function checkInstances(schema, text, isValid) {
  for (let i = 0; i < INSTANCES; i += 1) {
    const value = schemas.instance(schema);
    if (!isValid(value)) throw new Error(`the test's own instance is invalid: ${JSON.stringify([schema, value])}`);
    const json = serialize(value, random);
    const answer = await ask({ kind: "json_schema", text, value: json });
    counts.instances += 1;
    if (!answer.accepts) fail("a valid value was not accepted", schema, [json, answer]);

    const broken = schemas.broken(value);
    if (isValid(broken)) continue;
    counts.refused += 1;
    const other = await ask({ kind: "json_schema", text, value: serialize(broken, random) });
    if (other.accepts) fail("an invalid value was accepted", schema, broken);
  }
}

for (let i = 0; i < Number(countText); i += 1) {
  const schema = schemas.schema();
  const text = JSON.stringify(schema);
  const isValid = judge(schema);
  counts.schemas += 1;
  if (await checkWalks(schema, text, isValid)) await checkInstances(schema, text, isValid);
}
child.stdin.end();

console.log(JSON.stringify(counts));
// Walks that never end prove nothing, nor do values that are never invalid.
if (counts.cut > counts.walks / 10) fail("too many walks were cut", {}, counts);
if (counts.refused < counts.instances / 5) fail("too few values were invalid", {}, counts);
process.exitCode = failures === 0 ? 0 : 1;
