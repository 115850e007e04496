"""Who says this: HTTP signatures of requests and proofs inside documents.

Everything here is pure.  Bytes and a clock reading go in; a verdict or headers come out.
Callers use `request` (read_key_id, verify, sign), `proof` (add_proof, verify_proof) and
`keys`; the other modules are theirs.
"""
