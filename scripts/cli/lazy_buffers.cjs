// Loaded into the `cdk` command before anything else. For its log it turns every request into JSON, and does so before it asks
// whether anybody reads it: each byte of an uploaded layer becomes a number in an array of a hundred million, of which
// only the length is then looked at. Here such an array takes its numbers from the bytes when somebody asks for one.
"use strict";

const isIndex = (name) => typeof name === "string" && /^\d+$/.test(name);

const elements = (bytes) => ({
  get: (array, name) => {
    if (name === "length") return bytes.length;
    return isIndex(name) ? bytes[name] : Reflect.get(array, name);
  },
  has: (array, name) => (isIndex(name) ? Number(name) < bytes.length : Reflect.has(array, name)),
});

Buffer.prototype.toJSON = function toJSON() {
  return { type: "Buffer", data: new Proxy([], elements(this)) };
};
