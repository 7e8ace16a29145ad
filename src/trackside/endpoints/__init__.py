"""Real-time endpoints: registered models as web services.

An *endpoint* has a name, an authentication mode and keys.  Its *deployments* each serve one model with a share of the traffic, by
*replicas*: processes of `trackside.scorer`.

`store` holds what is wanted and what runs.  `plan` compares the two and decides (pure); `controller` does what was decided,
through a backend of `backends`, and may be killed at any moment.  `routing` chooses a replica for a request, `proxy` sends the
request there.  `routes` are the calls that manage endpoints, `scoring_routes` those that score.
"""
