// AWS SDK for JavaScript v3 with its default configuration.
import { setTimeout as pause } from "node:timers/promises";
import { ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const identities = new STSClient({});
const buckets = new S3Client({ forcePathStyle: true });
const calls = {
  sts: () => identities.send(new GetCallerIdentityCommand({})),
  s3: () => buckets.send(new ListObjectsV2Command({ Bucket: process.env.MATRIX_BUCKET })),
};

for (;;) {
  for (const [name, make] of Object.entries(calls)) {
    const outcome = await make().then(
      () => "ok",
      (error) => `error ${error.name} ${error.message}`.replace(/\s+/g, " "),
    );
    console.log(name, outcome);
    await pause(1000 * Number(process.env.MATRIX_PAUSE));
  }
}
