// A small line of recent values, the newest at the right.
const width = 240;
const height = 48;

interface Props {
  values: number[];
  capacity: number; // how many values the width has room for
  label: string;
}

export function Sparkline({ values, capacity, label }: Props) {
  const top = Math.max(1, ...values);
  const x = (index: number) => width - ((values.length - 1 - index) * width) / (capacity - 1);
  const y = (value: number) => height - 2 - (value / top) * (height - 4);
  const points = values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const area = values.length > 1 ? `M${x(0).toFixed(1)},${height} L${points.join(' L')} L${width},${height} Z` : '';
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
      <path class="sparkline-area" d={area} />
      <polyline class="sparkline-line" points={points.join(' ')} />
    </svg>
  );
}
