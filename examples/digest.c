/* SPDX-License-Identifier: MIT */
/* SHA-256 by OpenSSL's libcrypto. */
#include "digest.h"

#include <openssl/evp.h>
#include <strings.h>

#include "text.h"

bool digest_sha256(char out[DIGEST_TEXT], const void *data, size_t length)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_Digest(data, length, digest, &size, EVP_sha256(), NULL) != 1 || size != 32)
		return false;
	text_hex(out, digest, size);
	return true;
}

bool digest_is(const char *sha256, char found[DIGEST_TEXT], const void *data, size_t length)
{
	found[0] = '\0';
	return digest_sha256(found, data, length) && strcasecmp(found, sha256) == 0;
}
