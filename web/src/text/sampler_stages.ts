// Which candidates of a token the sampler's stages leave out, worked out from the likeliest ones that the server lists.
//
// The stages come in the server's order: temperature, top_k, top_p, min_p. Only top_p needs the tokens that are not
// listed, and of them only how much they could weigh together; where that does not decide, the fate is unknown.
// Penalties come before all of these and are not part of it.

export type Fate = 'kept' | 'top_k' | 'top_p' | 'min_p' | 'temperature' | 'unknown';

export interface Stages {
  temperature: number; // 0: always the likeliest
  top_k: number; // 0 or less: off
  top_p: number;
  min_p: number;
}

const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);

// The least and the most that the unlisted tokens which top_k leaves can weigh. They share what is left of the
// probability, and none is likelier than the last one listed.
function tailWeights(probabilities: number[], { temperature, top_k }: Stages): [number, number] {
  const count = top_k > 0 ? Math.max(0, top_k - probabilities.length) : Infinity;
  const share = Math.max(0, 1 - sum(probabilities));
  const largest = probabilities.at(-1) ?? 0;
  if (count === 0 || share === 0 || largest === 0) return [0, 0];
  if (temperature === 1 && count === Infinity) return [share, share];
  const power = 1 / temperature;
  const alike = count * largest ** power;
  const together = power >= 1 ? share * largest ** (power - 1) : count * (share / count) ** power;
  return [0, Math.min(alike, Number.isNaN(together) ? Infinity : together)];
}

// REQUIRES: the model's own probabilities, falling.
export function fatesOf(probabilities: number[], stages: Stages): Fate[] {
  const { temperature, top_k: topK, top_p: topP, min_p: minP } = stages;
  if (temperature === 0) return probabilities.map((_, index) => (index === 0 ? 'kept' : 'temperature'));
  const weights = probabilities.map((probability) => probability ** (1 / temperature));
  const inTopK = topK > 0 ? weights.slice(0, topK) : weights;
  const [leastTail, mostTail] = tailWeights(probabilities, stages);
  const least = sum(inTopK) + leastTail;
  const most = sum(inTopK) + mostTail;
  let before = 0;
  return weights.map((weight, index) => {
    if (index >= inTopK.length) return 'top_k';
    const isKept = index === 0 || topP >= 1 || before < topP * least;
    const mayBeKept = index === 0 || topP >= 1 || before < topP * most;
    before += weight;
    if (!mayBeKept) return 'top_p';
    if (weight < minP * weights[0]!) return 'min_p';
    return isKept ? 'kept' : 'unknown';
  });
}
