#!/bin/sh
# Puts together the root file system of the image: an installed program, the libraries that it is linked with, the
# certificates for downloads, and folders for data and models.
#   collect_root.sh <installed prefix> <new root>
set -eu
prefix=$1
root=$2

mkdir -p "$root/usr/bin" "$root/usr/share" "$root/etc" "$root/tmp" "$root/data" "$root/models"
cp "$prefix/bin/youtu" "$root/usr/bin/"
cp -r "$prefix/share/youtu" "$root/usr/share/"
# "libx.so.1 => /lib/…/libx.so.1 (0x…)", and the loader without an arrow.
ldd "$prefix/bin/youtu" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' |
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
# What the name service opens by name, where the C library still has it apart.
for library in /lib/*-linux-gnu/libnss_dns.so.2 /lib/*-linux-gnu/libnss_files.so.2 /lib/*-linux-gnu/libresolv.so.2; do
  [ -e "$library" ] || continue
  mkdir -p "$root$(dirname "$library")"
  cp -L "$library" "$root$library"
done
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  mkdir -p "$root/etc/ssl/certs"
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
fi
echo 'youtu:x:65532:65532::/data:/nonexistent' > "$root/etc/passwd"
echo 'youtu:x:65532:' > "$root/etc/group"
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"
chown 65532:65532 "$root/data"
chmod 1777 "$root/tmp"
