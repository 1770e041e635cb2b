import java.util.LinkedHashMap;
import java.util.Map;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.sts.StsClient;

/** The AWS SDK for Java v2 with its default configuration. */
final class SdkV2 {
    public static void main(String[] arguments) throws Exception {
        StsClient identities = StsClient.create();
        S3Client buckets = S3Client.builder().forcePathStyle(true).build();
        String bucket = System.getenv("MATRIX_BUCKET");
        Map<String, Loop.Call> calls = new LinkedHashMap<>();
        calls.put("sts", () -> identities.getCallerIdentity());
        calls.put("s3", () -> buckets.listObjectsV2(request -> request.bucket(bucket)));
        Loop.forever(calls);
    }
}
