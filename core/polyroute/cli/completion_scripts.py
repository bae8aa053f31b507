"""Scripts for shells, which ask the command what a word may become."""

from __future__ import annotations

# Bash breaks words at colons, which are in the IDs of models, so the words are taken from the line, and what bash takes
# for earlier words is cut off what is offered.
_BASH = """\
_polyroute() {
  local line=${COMP_LINE:0:COMP_POINT} word cut
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=${words[${#words[@]}-1]}
  cut=${word%"${word##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r found; do
    [[ $found == */ ]] && compopt -o nospace 2>/dev/null
    COMPREPLY+=("${found#"$cut"}")
  done < <("${words[0]}" completion --complete="$word" -- "${words[@]:1:${#words[@]}-2}" 2>/dev/null)
}
complete -o default -F _polyroute polyroute
"""
_ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -D }
_polyroute() {
  local -a found
  found=("${(@f)$(${words[1]} completion --complete="${words[CURRENT]}" -- "${(@)words[2,CURRENT-1]}" 2>/dev/null)}")
  found=(${found:#})
  (( $#found )) || { _files; return }
  compadd -Q -S '' -- ${(M)found:#*/}
  compadd -Q -- ${found:#*/}
}
compdef _polyroute polyroute
"""
_FISH = """\
function __polyroute
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    set -l found ($words[1] completion --complete=$word -- $words[2..-1] 2>/dev/null)
    if test (count $found) -gt 0
        printf '%s\\n' $found
    else
        __fish_complete_path $word
    end
end
complete -c polyroute -k -f -a '(__polyroute)'
"""
_POWERSHELL = """\
Register-ArgumentCompleter -Native -CommandName polyroute -ScriptBlock {
    param($word, $line, $cursor)
    $words = @($line.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursor } | ForEach-Object { "$_" })
    $words = @($words | Select-Object -Skip 1)
    polyroute completion "--complete=$word" -- @words 2>$null | ForEach-Object {
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }
}
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH, "powershell": _POWERSHELL}
"""For each shell, a script that asks this command what may be meant."""
