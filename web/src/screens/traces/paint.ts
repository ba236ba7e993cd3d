// Paints the cells of the heatmap.
import type { Heatmap } from "../../api.ts";

/** Paints `map`. Colours are those that the style gives the canvas: text, and the line of a text's decoration. */
export function paint(canvas: HTMLCanvasElement, map: Heatmap): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const ratio = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const max = Math.max(1, ...map.counts);
  const cellWidth = width / map.columns;
  const cellHeight = height / map.rows;
  const gap = cellWidth > 5 ? 1 : 0.5;
  context.fillStyle = style.color;
  for (let column = 0; column < map.columns; column += 1) {
    for (let row = 0; row < map.rows; row += 1) {
      const count = map.counts[column * map.rows + row] ?? 0;
      if (count === 0) continue;
      context.globalAlpha = 0.22 + 0.78 * Math.sqrt(count / max);
      context.fillRect(column * cellWidth, (map.rows - 1 - row) * cellHeight, cellWidth - gap, cellHeight - gap);
    }
  }
  context.globalAlpha = 1;
  const arm = Math.max(2, Math.min(cellWidth, cellHeight) * 0.36);
  for (const [color, line] of [[style.backgroundColor, 4.5], [style.textDecorationColor, 2]] as const) {
    context.strokeStyle = color;
    context.lineWidth = line;
    context.lineCap = "round";
    context.beginPath();
    for (let column = 0; column < map.columns; column += 1) {
      for (let row = 0; row < map.rows; row += 1) {
        if ((map.errors[column * map.rows + row] ?? 0) === 0) continue;
        const x = (column + 0.5) * cellWidth - gap / 2;
        const y = (map.rows - 0.5 - row) * cellHeight - gap / 2;
        context.moveTo(x - arm, y - arm);
        context.lineTo(x + arm, y + arm);
        context.moveTo(x + arm, y - arm);
        context.lineTo(x - arm, y + arm);
      }
    }
    context.stroke();
  }
}
