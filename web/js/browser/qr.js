// A text as a QR code. Loaded, together with its library, when one is shown.

import { qrcode } from "../../vendor/qrcode-generator.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // width of the white margin in modules (ISO/IEC 18004)

/** An <svg> that shows `text`, black on white in every colour scheme, so that cameras can read it. */
export function picture(text) {
  const code = qrcode(0, "M"); // the smallest version that fits; 15 % of it may be damaged
  code.addData(text, "Byte");
  code.make();
  const count = code.getModuleCount();
  let path = "";
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (code.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  const side = count + 2 * QUIET;
  const svg = shape("svg", { viewBox: `0 0 ${side} ${side}`, "shape-rendering": "crispEdges" });
  svg.append(shape("path", { fill: "#ffffff", d: `M0 0h${side}v${side}h-${side}z` }), shape("path", { fill: "#000000", d: path }));
  return svg;
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
