"""Sign-in by identity providers: OpenID Connect for people, signed JWTs for programs."""
