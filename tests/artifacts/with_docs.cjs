// Opens a page of dbt's documentation over a target folder, without a window, and prints what it shows.
// node with_docs.cjs TARGET INDEX_HTML '#!/model/…'
const fs = require("fs");
const http = require("http");
const path = require("path");
const { JSDOM, VirtualConsole } = require("jsdom");

const [target, page, place] = process.argv.slice(2);
const faults = [];

const server = http.createServer((request, response) => {
  const name = path.basename(request.url.split("?")[0]);
  const file = name.endsWith(".json") ? path.join(target, name) : page;
  response.writeHead(200, { "Content-Type": name.endsWith(".json") ? "application/json" : "text/html" });
  response.end(fs.readFileSync(file));
});

function prepared(window) {
  window.alert = (message) => faults.push(`alert: ${message}`);
  window.scrollTo = () => {};
  // The drawing of the graph measures its texts; what it draws is not looked at.
  const pen = new Proxy({}, { get: (_, name) => (name === "measureText" ? () => ({ width: 1 }) : () => ({})) });
  window.HTMLCanvasElement.prototype.getContext = () => pen;
}

function shown(document) {
  document.querySelectorAll("style, script, template").forEach((element) => element.remove());
  return document.body.textContent.replace(/\s+/g, " ").trim();
}

server.listen(0, "127.0.0.1", async () => {
  const heard = new VirtualConsole();
  heard.on("jsdomError", (error) => faults.push(`page: ${error.message}`));
  heard.on("error", (...words) => faults.push(`error: ${words.join(" ")}`));
  const options = { runScripts: "dangerously", pretendToBeVisual: true, virtualConsole: heard, beforeParse: prepared };
  const dom = await JSDOM.fromURL(`http://127.0.0.1:${server.address().port}/${place}`, options);
  const end = Date.now() + 30000;
  // The page is there when it shows what only the catalog knows.
  while (!/Referenced By/.test(dom.window.document.body.textContent) && Date.now() < end) {
    await new Promise((wake) => setTimeout(wake, 100));
  }
  await new Promise((wake) => setTimeout(wake, 1000));
  console.log(JSON.stringify({ faults, text: shown(dom.window.document) }));
  process.exit(0);
});
