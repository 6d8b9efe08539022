"""What analysts open in a browser: business intelligence on the published copy."""
