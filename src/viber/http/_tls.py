"""What an https connection trusts, and what it shows of itself."""

import ssl

import httpx

from viber.errors import ConfigurationError
from viber.http._config import HttpConfig


def tls_context(config: HttpConfig) -> ssl.SSLContext:
    """The TLS settings of a configuration; reads files and takes some milliseconds, so make it once.

    Raises:
        ConfigurationError: a file holds no usable certificate or key.
    """
    try:
        verify = ssl.create_default_context(cafile=config.ca_file) if config.ca_file else config.verify
        context = httpx.create_ssl_context(verify=verify, trust_env=config.trust_env)
        if config.client_certificate:
            context.load_cert_chain(config.client_certificate, config.client_key)
    except OSError as exc:  # ssl.SSLError is one
        raise ConfigurationError(
            "the TLS files of HttpConfig cannot be used",
            code="configuration.tls",
            debug_message=str(exc),
            suggestion="check ca_file, client_certificate, client_key and SSL_CERT_FILE: PEM, and readable",
        ) from exc
    return context
