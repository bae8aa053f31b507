# What the commands of a documentation page are run after: a reader who types them, one after another.

set -e
server=
trap '[ -z "$server" ] || kill "$server"' EXIT

# A command may end with 1, a clear no such as of `explain`; any other failure ends the script.
answered() {
  command polyroute "$@" || {
    status=$?
    [ $status -eq 1 ] || { echo "polyroute $*: $status" >&2 && return $status; }
  }
}

# A server runs until the next one or the end of the script, as if the reader ended it, on a free port.
serve() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; }
  : >ready
  command polyroute "$@" --port 0 --ready-json >ready &
  server=$!
  until [ -s ready ]; do
    kill -0 "$server"
    sleep 0.1
  done
  port=$(sed 's/.*127.0.0.1:\([0-9]*\)".*/\1/' ready)
}

# `keys set` gets the key that a reader would type, unless the page gives it one.
polyroute() {
  if [ "$1" = serve ]; then
    serve "$@"
  elif [ "$1 $2" = "keys set" ] && [ /dev/stdin -ef /dev/null ]; then
    echo made-up-0123456789 | answered "$@"
  else
    answered "$@"
  fi
}

curl() {
  command curl --silent --show-error --fail --connect-to "127.0.0.1:3210:127.0.0.1:$port" "$@"
}
