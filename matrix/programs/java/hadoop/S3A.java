import java.net.URI;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Hadoop's S3A. It has S3 alone, takes the endpoint as an option, and its own list of providers knows no profile: the
 * SDK's default chain has to be named.
 */
final class S3A {
    public static void main(String[] arguments) throws Exception {
        Configuration configuration = new Configuration();
        configuration.set("fs.s3a.endpoint", System.getenv("AWS_ENDPOINT_URL"));
        configuration.set("fs.s3a.endpoint.region", System.getenv("AWS_REGION"));
        configuration.set("fs.s3a.path.style.access", "true");
        configuration.set("fs.s3a.connection.ssl.enabled", "false");
        configuration.set(
                "fs.s3a.aws.credentials.provider",
                "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider");
        // One try for each call: a retry of Hadoop's own would hide a refusal.
        configuration.set("fs.s3a.retry.limit", "0");
        Path bucket = new Path("s3a://" + System.getenv("MATRIX_BUCKET") + "/");
        FileSystem files = FileSystem.newInstance(URI.create(bucket.toString()), configuration);
        Loop.forever(Map.of("s3", () -> files.listStatus(bucket)));
    }
}
