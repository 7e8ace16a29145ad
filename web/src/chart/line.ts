import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

export type Points = [number[], (number | null)[]];

/** Draws into a box and follows its width; returns what ends it.  Colours are read from the tokens at the time of drawing. */
export function drawLine(box: HTMLElement, points: Points): () => void {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: colour("--text-2"),
    font: `11px ${colour("--font-ui")}`,
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  const options: uPlot.Options = {
    width: Math.max(box.clientWidth, 1),
    height: box.clientHeight,
    scales: { x: { time: false } },
    legend: { show: false },
    axes: [axis, { ...axis, size: 56 }],
    series: [{}, { stroke: colour("--run-1"), width: 1.5, points: { show: points[0].length < 30 } }],
  };
  const plot = new uPlot(options, points, box);
  const observer = new ResizeObserver(() => plot.setSize({ width: box.clientWidth, height: box.clientHeight }));
  observer.observe(box);
  return () => {
    observer.disconnect();
    plot.destroy();
  };
}
