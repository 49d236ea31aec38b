/* Draws the charts of a report: reads them from #charts, and redraws when either theme or width changes. */
/* global uPlot, plotOptions */
const charts = JSON.parse(document.getElementById('charts').textContent);
const places = [...document.querySelectorAll('[data-chart]')].map(element => ({
  element,
  chart: charts[Number(element.dataset.chart)],
  plot: undefined,
}));
function draw(place) {
  const width = place.element.clientWidth;
  if (!width || (place.plot && place.plot.width === width && place.drawn)) return;
  place.plot?.destroy();
  place.plot = new uPlot(
    plotOptions(place.chart, width),
    [place.chart.x, ...place.chart.series.map(s => s.values)],
    place.element,
  );
  place.drawn = true;
}
places.forEach(draw);
const observer = new ResizeObserver(entries =>
  entries.forEach(({ target }) => draw(places.find(p => p.element === target))),
);
places.forEach(({ element }) => observer.observe(element));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
  places.forEach(place => {
    place.drawn = false;
    draw(place);
  }),
);
