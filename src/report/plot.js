/* How charts look, in reports and in the gallery: uPlot's options for a `Chart`, whose colours are names of CSS properties of the page. */
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const faded = (name, alpha) =>
  colour(name) +
  Math.round(alpha * 255)
    .toString(16)
    .padStart(2, '0');

const short = x => {
  const size = Math.abs(x);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return x.toExponential(0).replace('e+', 'e');
  return x.toLocaleString('en', { maximumSignificantDigits: 3 }).replace('-', '−');
};
const reading = (x, chart) =>
  x == null
    ? '–'
    : chart.percent
      ? `${x.toFixed(1)} %`
      : Math.abs(x) >= 1e-3 && Math.abs(x) < 999.5
        ? x.toPrecision(3)
        : short(x);

// On a logarithmic axis: 1, 2 and 5 of every decade, or only powers of ten where there are many.
const logTicks = (u, axis, min, max) => {
  const ticks = [];
  for (let decade = Math.floor(Math.log10(min)); decade <= Math.log10(max); decade++)
    for (const leading of max / min > 3000 ? [1] : [1, 2, 5])
      ticks.push(Number(`${leading}e${decade}`));
  return ticks.filter(x => x >= min && x <= max);
};
// Drops a label that would touch the one before it.
const apart = (u, splits) => {
  let last = -Infinity;
  return splits.map(x => {
    const at = u.valToPos(x, 'x');
    const gap = 10 + 7 * short(x).length;
    if (at - last < gap && last !== -Infinity) return null;
    last = at;
    return x;
  });
};

function range(chart) {
  if (chart.range) return () => chart.range;
  if (chart.log) return (u, min, max) => [min / 1.15, max * 1.15];
  // From 0, which is in sight, also where all values are negative.
  return (u, min, max) => [
    Math.min(0, 1.08 * min),
    chart.percent
      ? max > 0
        ? Math.min(100, max * 1.12)
        : 100
      : max > 0
        ? max * 1.08
        : min < 0
          ? 0
          : 1,
  ];
}

/**
 * What uPlot needs to draw a chart (`chart.ts`) at a width, in the colours that the page has now.
 */
export function plotOptions(chart, width) {
  const FONT = getComputedStyle(document.documentElement).fontFamily;
  const axis = {
    stroke: colour('--muted'),
    font: `12px ${FONT}`,
    labelFont: `12px ${FONT}`,
    ticks: { show: false },
    gap: 6,
  };
  const grid = { stroke: colour('--line'), width: 1 };
  const span = chart.x[chart.x.length - 1] - chart.x[0] || 1;
  const margin = chart.ticks ? 0.025 * span : 0;
  return {
    width,
    height: chart.small ? 170 : width < 480 ? 270 : 340,
    padding: [8, 18, 0, 0],
    scales: {
      x: { time: false, range: (u, min, max) => [min - margin, max + margin] },
      y: { distr: chart.log ? 3 : 1, range: range(chart) },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 28,
        values: (u, xs) => xs.map(x => (x == null ? '' : short(x))),
        ...(chart.small ? {} : { label: chart.xLabel, labelSize: 22 }),
        ...(chart.ticks ? { splits: () => chart.ticks, filter: apart } : {}),
      },
      {
        ...axis,
        grid,
        size: chart.small ? 40 : 54,
        space: chart.small ? 36 : 44,
        values: (u, ys) => ys.map(y => (y == null ? '' : short(y))),
        ...(chart.log ? { splits: logTicks, filter: (u, ys) => ys } : {}),
      },
    ],
    series: [
      { label: chart.xLabel, value: (u, x) => (x == null ? '–' : short(x)) },
      ...chart.series.map(s => ({
        label: s.label,
        class: s.unnamed ? 'unnamed' : undefined,
        width: s.width,
        dash: s.dash,
        stroke: s.width ? colour(s.colour) : 'transparent',
        points: s.points
          ? { show: true, size: 7, width: 0, fill: colour(s.colour) }
          : { show: false },
        spanGaps: true,
        value: (u, y) => reading(y, chart),
      })),
    ],
    bands: (chart.bands ?? []).map(b => ({
      series: [b.high + 1, b.low + 1],
      fill: faded(b.colour, 0.14),
    })),
    legend: {
      show: !chart.small,
      markers: {
        fill: () => 'transparent',
        dash: (u, i) => (chart.series[i - 1]?.dash ? 'dashed' : 'solid'),
      },
    },
    cursor: { show: !chart.small, y: false, points: { show: false } },
    hooks: {
      draw: chart.dots ? [u => drawDots(u, chart.dots)] : [],
      ready: [last],
      setData: [last],
      setCursor: [
        u => {
          if (u.cursor.idx == null) last(u);
        },
      ],
    },
  };
}

// Without a pointer the legend reads the last values that every line has, or the very last.
function last(u) {
  if (!u.legend || !u.root.querySelector('.u-legend')) return;
  const [x, ...lines] = u.data;
  const known = lines.filter(line => line.some(y => y != null));
  const idx = x.findLastIndex((_, i) => known.every(line => line[i] != null));
  u.setLegend({ idx: idx < 0 ? x.length - 1 : idx }, false);
}

function drawDots(u, { x, y, colours }) {
  const { ctx } = u;
  const r = 2.75 * devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(u.bbox.left, u.bbox.top, u.bbox.width, u.bbox.height);
  ctx.clip();
  ctx.lineWidth = 1.75 * devicePixelRatio;
  ctx.fillStyle = colour('--page');
  x.forEach((value, i) => {
    ctx.beginPath();
    ctx.strokeStyle = colour(colours[i]);
    ctx.arc(u.valToPos(value, 'x', true), u.valToPos(y[i], 'y', true), r, 0, 2 * Math.PI);
    ctx.fill();
    ctx.stroke();
  });
  ctx.restore();
}
