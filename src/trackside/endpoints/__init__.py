"""Real-time endpoints: registered models as web services.

An *endpoint* has a name, an authentication mode and keys.  Each of its *deployments* serves one model with a share of the
traffic, by *replicas*: processes of `trackside.scorer`.

`store` has the desired and the actual state.  `plan` compares the two and decides on actions (pure); `controller` runs them
through a backend of `backends`, and may be killed at any moment.  `routing` chooses a replica for a request, `proxy` sends the
request there.  `routes` are the calls that manage endpoints, `scoring_routes` those that score.
"""
