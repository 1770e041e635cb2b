import java.util.Map;

/** Makes a program's calls, one after the other, until the program is ended, and prints a line for each. */
final class Loop {
    interface Call {
        void make() throws Exception;
    }

    /** Makes the calls in turn. A line is the call's name and `ok`, or `error` and what the SDK said. */
    static void forever(Map<String, Call> calls) throws InterruptedException {
        long pause = Math.round(1000 * Double.parseDouble(System.getenv("MATRIX_PAUSE")));
        while (true) {
            for (Map.Entry<String, Call> call : calls.entrySet()) {
                System.out.println(call.getKey() + " " + outcome(call.getValue()));
                Thread.sleep(pause);
            }
        }
    }

    private static String outcome(Call call) {
        try {
            call.make();
            return "ok";
        } catch (Exception | LinkageError failed) {
            return ("error " + failed).replaceAll("\\s+", " ");
        }
    }
}
