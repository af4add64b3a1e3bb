// A share of a whole, as a bar.
interface Props {
  share: number; // 0 to 1
  label: string;
}

export const Bar = ({ share, label }: Props) => (
  <div class="bar" role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(100 * share)}>
    <div style={{ width: `${100 * Math.min(1, share)}%` }} />
  </div>
);
