# bash completion for mjpegazer(1). Commands and flags are those that the program names under -h.

_mjpegazer() {
	local word=$2 previous=$3 help words command=()
	[[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} == link ]] && command=(link)
	help=$("$1" "${command[@]}" -h 2>/dev/null) || return
	case $previous in
	-log-level) words='debug info warn error' ;;
	-log-format) words='text json' ;;
	-what) words='live snapshot page' ;;
	-*)
		if grep -qx -e "  $previous file" <<<"$help"; then
			compopt -o filenames
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			return
		fi
		# Other values cannot be guessed.
		if grep -qx -e "  $previous [a-z]*" <<<"$help"; then return; fi
		;;
	esac
	if [[ ! ${words-} && $word == -* ]]; then
		words=$(sed -n 's/^  \(-[a-z][a-z-]*\).*/\1/p' <<<"$help")
	elif [[ ! ${words-} && $COMP_CWORD == 1 ]]; then
		words=$(sed -n 's/^ *mjpegazer \([a-z][a-z]*\).*/\1/p' <<<"$help")
	fi
	mapfile -t COMPREPLY < <(compgen -W "${words-}" -- "$word")
}

complete -o bashdefault -o default -F _mjpegazer mjpegazer
