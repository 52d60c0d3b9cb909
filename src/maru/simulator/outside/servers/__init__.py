"""What the outside world runs beside HTTP: a broker, an SFTP server, a shared folder, databases, and what it pushes."""
