/* SPDX-License-Identifier: MIT */
/* How a broker proves itself: see mqtt_tls.h. */
#include "mqtt_tls.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* OpenSSL's own proof of chain and name; but it tells nobody why one was refused. */
static int verify(X509_STORE_CTX *store, void *arg)
{
	struct mqtt_tls *tls = arg;
	int good = X509_verify_cert(store);

	tls->refused[0] = '\0';
	if (good <= 0)
		snprintf(tls->refused, sizeof(tls->refused), "%s",
			 X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return good;
}

static bool is_address(const char *host)
{
	ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

	ASN1_OCTET_STRING_free(address);
	return address != NULL;
}

/* A broker that has several names is told which one is meant: libmosquitto has given it the address
   by now. */
static void name_broker(const SSL *ssl, int where, int result)
{
	const struct mqtt_tls *tls = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	(void)result;
	if (where & SSL_CB_HANDSHAKE_START)
		SSL_set_tlsext_host_name((SSL *)ssl,
					 is_address(tls->host) ? NULL : (char *)tls->host);
}

static bool expect_name(SSL_CTX *context, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);

	return (is_address(host) ? X509_VERIFY_PARAM_set1_ip_asc(param, host)
				 : X509_VERIFY_PARAM_set1_host(param, host, 0)) == 1;
}

static bool failed(const char *what, const char *file, char why[MQTT_TLS_WHY])
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	snprintf(why, MQTT_TLS_WHY, "%s %.100s: %.80s", what, file, reason ? reason : "no reason");
	ERR_clear_error();
	return false;
}

bool mqtt_tls_open(struct mqtt_tls *tls, const char *host, const char *ca_file,
		   char why[MQTT_TLS_WHY])
{
	*tls = (struct mqtt_tls){ .host = host };
	ERR_clear_error();
	tls->context = SSL_CTX_new(TLS_client_method());
	if (!tls->context)
		return failed("cannot prepare TLS for", host, why);
	SSL_CTX_set_app_data(tls->context, tls);
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(tls->context, verify, tls);
	SSL_CTX_set_info_callback(tls->context, name_broker);
	if (expect_name(tls->context, host) &&
	    SSL_CTX_load_verify_locations(tls->context, ca_file, NULL) == 1)
		return true;
	failed("cannot use the certificates in", ca_file, why);
	mqtt_tls_close(tls);
	return false;
}

void mqtt_tls_close(struct mqtt_tls *tls)
{
	SSL_CTX_free(tls->context);
	tls->context = NULL;
}
