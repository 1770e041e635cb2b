import com.amazonaws.client.builder.AwsClientBuilder.EndpointConfiguration;
import com.amazonaws.services.s3.AmazonS3;
import com.amazonaws.services.s3.AmazonS3ClientBuilder;
import com.amazonaws.services.securitytoken.AWSSecurityTokenService;
import com.amazonaws.services.securitytoken.AWSSecurityTokenServiceClientBuilder;
import com.amazonaws.services.securitytoken.model.GetCallerIdentityRequest;
import java.util.LinkedHashMap;
import java.util.Map;

/** The AWS SDK for Java v1. It does not know AWS_ENDPOINT_URL, so the endpoint is an option of the program. */
final class SdkV1 {
    public static void main(String[] arguments) throws Exception {
        EndpointConfiguration endpoint =
                new EndpointConfiguration(System.getenv("AWS_ENDPOINT_URL"), System.getenv("AWS_REGION"));
        AWSSecurityTokenService identities = AWSSecurityTokenServiceClientBuilder.standard()
                .withEndpointConfiguration(endpoint).build();
        AmazonS3 buckets = AmazonS3ClientBuilder.standard()
                .withEndpointConfiguration(endpoint).withPathStyleAccessEnabled(true).build();
        String bucket = System.getenv("MATRIX_BUCKET");
        Map<String, Loop.Call> calls = new LinkedHashMap<>();
        calls.put("sts", () -> identities.getCallerIdentity(new GetCallerIdentityRequest()));
        calls.put("s3", () -> buckets.listObjectsV2(bucket));
        Loop.forever(calls);
    }
}
