// Looks at every frame, in both directions, and lets it pass unless a rule drops it.

rules :: ContentRules($RULES, VAR "HOME_NET $HOME_NET", VAR "EXTERNAL_NET $EXTERNAL_NET",
    DROP $DROP, UNSUPPORTED $UNSUPPORTED, INTERFACES "in out", PAYLOAD $PAYLOAD, KEEP $KEEP,
    FILE eve.json, FILE_SIZE $FILE_SIZE, LOG $LOG, OVERLAP $OVERLAP, FLOWS $FLOWS);

input[0] -> [0]rules[0] -> [0]output;
input[1] -> [1]rules[1] -> [1]output;
