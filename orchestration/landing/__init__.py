"""Landing: what senders delivered, checked and pseudonymised, as immutable Parquet with a ledger of hashes.

connectors → contract → landing/<feed>/sender=<id>/<batch>.parquet + landing/_ledger/<id>.jsonl → loading
"""
