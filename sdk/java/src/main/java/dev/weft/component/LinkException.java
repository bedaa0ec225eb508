package dev.weft.component;

/** The engine refused, could not be reached, or broke the contract. Thrown from C too. */
final class LinkException extends Exception {
    private static final long serialVersionUID = 1L;

    LinkException(String message) {
        super(message);
    }
}
