"""What Google keeps: files, caches, batches, models, and embeddings."""
