// An address as a picture for another device's camera. Comes, with the library, when one is wanted.

import { qrcode } from "../../vendor/qrcode-generator.js";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules left white around it (ISO/IEC 18004)

/** An <svg> that shows `text`, black on white in every colour scheme, or cameras would not read it. */
export function picture(text) {
  const code = qrcode(0, "M"); // as large as it has to be; up to 15 % may be spoilt
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
