// Writes constructs/kubernetes/ from the Kubernetes modules that `go` downloads:
//   sh scripts/with-node.sh scripts/generate-kubernetes.ts
import { writeFileSync } from "node:fs";
import { renderAll } from "./kubernetes/render-all.ts";

const files = renderAll({ download: true });
if (files === undefined) throw new Error("Cannot generate the types: a module was not downloaded");
for (const [name, text] of files) {
  writeFileSync(new URL(`../constructs/kubernetes/${name}`, import.meta.url), text);
}
