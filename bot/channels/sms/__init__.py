"""SMS and AlimTalk, through whichever carrier the operator has a contract with."""
