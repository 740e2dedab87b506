// Prints the objects that a Pulumi program of this folder would register, as a list in JSON.
import * as pulumi from "@pulumi/pulumi";

const objects = [];
await pulumi.runtime.setMocks({
  newResource: ({ name, inputs }) => {
    objects.push(inputs);
    return { id: name, state: inputs };
  },
  call: ({ inputs }) => inputs,
});
await import("./pulumi.mjs");
await pulumi.runtime.disconnect();
process.stdout.write(JSON.stringify(objects));
