import { defineFleet, divide, everywhere, place } from "../../../../clusters/index.ts";

/** What `keelson fleet plan` plans with. */
const facts = { capacity: { cpu: 8, memoryGib: 32 } };
export const fleet = defineFleet({ eu1: facts, eu2: facts, us1: facts });
export const apps = [
  {
    name: "shop",
    place: place(everywhere()).pick(2).replicas(divide.evenly(8)),
    request: { cpu: 1, memoryGib: 2 },
  },
];
