/* client_files.c: what is wrong with a file of TLS that librdkafka could not use: for the whole module. OpenSSL says it in its own terms
 * ("PEM lib"), and the same of a file that is empty, of another form or encrypted. */
#include "kafka/client_internal.h"

#include "base/buf.h"
#include "base/files.h"
#include <stdbool.h>

#define DER_SEQUENCE 0x30 /* the first byte of a certificate or key in binary form */

static bool has(const Buf *file, const char *text) {
    return file->len > 0 && memmem(file->data, file->len, text, strlen(text)) != NULL;
}

static bool is_blank(const Buf *file) {
    size_t i = 0;
    while (i < file->len && strchr(" \t\r\n", file->data[i]) != NULL) i++;
    return i == file->len;
}

static bool is_binary(const Buf *file) {
    if ((unsigned char)file->data[0] != DER_SEQUENCE) return false;
    for (size_t i = 0; i < file->len; i++)
        if (strchr("\t\n\v\f\r", file->data[i]) == NULL && (unsigned char)file->data[i] < ' ') return true;
    return memchr(file->data, '\0', file->len) != NULL;
}

/* Of a keystore, which is PKCS#12. */
static const char *explain_keystore(const char *reason) {
    if (strstr(reason, "mac verify") != NULL) return "is not opened by kafka.ssl.keystore.password";
    return strstr(reason, "asn1") != NULL ? "is no keystore in the form PKCS#12 (.p12, .pfx)" : NULL;
}

static const char *explain_pem(const Settings *settings, const Buf *file, bool is_key, const char *reason) {
    if (is_blank(file)) return "is empty";
    if (strstr(reason, "key values mismatch") != NULL) return "is not the key of kafka.ssl.certificate.location";
    if (is_binary(file))
        return is_key ? "is in binary form (DER), but PEM is expected: openssl pkey -inform der -in FILE -out FILE.pem"
                      : "is in binary form (DER), but PEM is expected: openssl x509 -inform der -in FILE -out FILE.pem";
    if (is_key && !has(file, "PRIVATE KEY-----")) return "has no private key in PEM form";
    if (!is_key && !has(file, "-----BEGIN CERTIFICATE") && !has(file, "-----BEGIN TRUSTED CERTIFICATE"))
        return "has no certificate in PEM form";
    if (is_key && has(file, "ENCRYPTED"))
        return settings_is_set(settings, "kafka.ssl.key.password") ? "is not opened by kafka.ssl.key.password"
                                                                   : "is encrypted: set kafka.ssl.key.password";
    return "is damaged: what is between its BEGIN and END cannot be read";
}

const char *kafka_conf_explain_file(const Settings *settings, const Setting *setting, const char *reason) {
    CLEANUP(buf_done) Buf file = {0};
    CLEANUP(error_clear) Error ignored = {0};
    const char *name = strchr(setting->key, '.') + 1;
    bool is_key = strcmp(name, "ssl.key.location") == 0;
    if (strcmp(name, "ssl.keystore.location") == 0) return explain_keystore(reason);
    if (!is_key && strcmp(name, "ssl.certificate.location") != 0 && strcmp(name, "ssl.ca.location") != 0) return NULL;
    if (strstr(reason, "error:") == NULL || file_read(setting->value, &file, &ignored) != 0) return NULL;
    return explain_pem(settings, &file, is_key, reason);
}
