// Which arm of an experiment an entity gets, in JavaScript: docs/assignment.md in code. It needs nothing but SHA-256.

import { createHash } from "node:crypto";

const BUCKETS = 10_000;

/** The bucket that decides the arm, 0 to 9,999. */
export function bucketOf(entity, salt) {
  return bucket("lambdaloop v1 arm", salt, entity);
}

/** The bucket that decides whether the entity is in the experiment at all. */
export function namespaceBucketOf(entity, namespace) {
  return bucket("lambdaloop v1 namespace", namespace, entity);
}

/** The name of the arm, or null for an entity outside of the experiment, which the first arm answers. */
export function armOf(entity, experiment) {
  const place = namespaceBucketOf(entity, experiment.namespace) - experiment.first_bucket;
  if (place < 0 || place >= experiment.buckets) return null;
  const found = bucketOf(entity, experiment.salt);
  let end = 0;
  for (const arm of experiment.arms) {
    end += arm.share;
    if (found < end) return arm.name;
  }
  throw new Error(`the shares of the arms must add up to ${BUCKETS}, got ${end}`);
}

function bucket(purpose, salt, entity) {
  const digest = createHash("sha256").update(`${purpose}\0${salt}\0${entity}`, "utf8").digest("hex");
  return parseInt(digest.slice(0, 12), 16) % BUCKETS; // 48 bits: exact in a number
}
