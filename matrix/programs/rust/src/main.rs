//! The AWS SDK for Rust with its default configuration, but for an HTTP client without TLS.

use std::env;
use std::fmt::Debug;
use std::time::Duration;

use aws_config::BehaviorVersion;
use aws_sdk_s3::error::DisplayErrorContext;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let http = aws_smithy_http_client::Builder::new().build_http();
    let loaded = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let identities = aws_sdk_sts::Client::new(&loaded);
    let buckets = aws_sdk_s3::Client::new(&loaded);
    let bucket = env::var("MATRIX_BUCKET").expect("MATRIX_BUCKET");
    let seconds: f64 = env::var("MATRIX_PAUSE").expect("MATRIX_PAUSE").parse().expect("seconds");
    let pause = Duration::from_secs_f64(seconds);
    loop {
        report("sts", identities.get_caller_identity().send().await);
        tokio::time::sleep(pause).await;
        report("s3", buckets.list_objects_v2().bucket(&bucket).send().await);
        tokio::time::sleep(pause).await;
    }
}

fn report<T, E: std::error::Error>(call: &str, outcome: Result<T, E>)
where
    T: Debug,
{
    match outcome {
        Ok(_) => println!("{call} ok"),
        Err(error) => {
            let text = DisplayErrorContext(error).to_string();
            println!("{call} error {}", text.split_whitespace().collect::<Vec<_>>().join(" "));
        }
    }
}
