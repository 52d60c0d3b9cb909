"""The broadcast engine: inputs, ladder, watchdog, composed playlists. Plain Python; knows no Django."""
