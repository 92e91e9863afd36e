import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/** What a team with Flink would run instead of `smelt ingest`: SQL from Kafka to Parquet, in one process. Landing BOOTSTRAP TOPIC FOLDER */
public class Landing {
    public static void main(String[] words) throws Exception {
        var settings = new Configuration();
        settings.setString("parallelism.default", "2");
        settings.setString("taskmanager.numberOfTaskSlots", "2");
        settings.setString("execution.checkpointing.interval", "2s");
        settings.setString("execution.checkpointing.mode", "EXACTLY_ONCE");
        settings.setString("execution.checkpointing.dir", "file://" + words[2] + "/checkpoints");
        settings.setString("table.exec.sink.not-null-enforcer", "DROP");
        var sql = TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(settings).build());
        sql.executeSql(
            "CREATE TABLE topic (`value` BYTES, part INT METADATA FROM 'partition' VIRTUAL, place BIGINT METADATA FROM 'offset' VIRTUAL, "
            + "sent TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL) WITH ('connector' = 'kafka', 'topic' = '" + words[1] + "', "
            + "'properties.bootstrap.servers' = '" + words[0] + "', 'properties.group.id' = 'flink', 'scan.startup.mode' = 'earliest-offset', "
            + "'scan.bounded.mode' = 'latest-offset', 'format' = 'raw')");
        sql.executeSql(
            "CREATE TABLE bronze (kafka_partition INT, kafka_offset BIGINT, kafka_timestamp TIMESTAMP(3), `value` BYTES) WITH ("
            + "'connector' = 'filesystem', 'path' = 'file://" + words[2] + "/table', 'format' = 'parquet', 'parquet.compression' = 'SNAPPY')");
        sql.executeSql("INSERT INTO bronze SELECT part, place, CAST(sent AS TIMESTAMP(3)), `value` FROM topic").await();
        System.exit(0); // threads of Flink are still there
    }
}
