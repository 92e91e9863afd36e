import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;

/** What a team with Spark would run instead of `smelt ingest`: structured streaming of all that is there, into Delta Lake. Landing BOOTSTRAP TOPIC FOLDER */
public class Landing {
    public static void main(String[] words) throws Exception {
        var settings = Map.of(
            "spark.sql.shuffle.partitions", "2",
            "spark.ui.enabled", "false",
            "spark.log.level", "WARN",
            "spark.local.dir", words[2] + "/local",
            "spark.sql.warehouse.dir", words[2] + "/warehouse",
            "spark.driver.host", "127.0.0.1",
            "spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension",
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog",
            "spark.databricks.delta.snapshotPartitions", "2");
        var builder = SparkSession.builder().master("local[2]");
        settings.forEach(builder::config);
        var spark = builder.getOrCreate();
        var source = Map.of("kafka.bootstrap.servers", words[0], "subscribe", words[1], "startingOffsets", "earliest");
        spark.readStream().format("kafka").options(source).load().select("partition", "offset", "timestamp", "value")
            .writeStream().format("delta").option("checkpointLocation", words[2] + "/checkpoint").option("path", words[2] + "/table")
            .trigger(Trigger.AvailableNow()).start().awaitTermination();
        spark.stop();
    }
}
